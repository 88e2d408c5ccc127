import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module';
import { ProjectsModule } from '../projects/projects.module';
import { LiveResults } from './live-results';
import { PointerFiles } from './pointer-files';
import { ResultCopies } from './result-copies';
import { ForeignPointerEntity, LiveResultEntity, ResultEntity } from './result.entities';
import { ResultFiles } from './result-files';
import { ResultRepository } from './result.repository';
import { ResultsController } from './results.controller';
import { ResultsHealth } from './results.health';

/** Live results: one file of a run for each project, and the earlier ones. */
@Module({
  imports: [
    DatabaseModule.forFeature([ResultEntity, LiveResultEntity, ForeignPointerEntity]),
    ProjectsModule,
  ],
  controllers: [ResultsController],
  providers: [LiveResults, PointerFiles, ResultCopies, ResultFiles, ResultRepository, ResultsHealth],
  exports: [LiveResults, ResultCopies, ResultFiles],
})
export class ResultsModule {}
