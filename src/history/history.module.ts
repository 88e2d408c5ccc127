import { Module } from '@nestjs/common';
import { InputsModule } from '../inputs/inputs.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { RunsModule } from '../runs/runs.module';
import { LatestRuns } from './latest-runs';
import { ProjectChanges } from './project-changes';
import { ProjectsController } from './projects.controller';
import { RunHistoryController } from './run-history.controller';
import { RunHistoryQueries } from './run-history-queries';
import { RunPast } from './run-past';

/** Read models of past runs: lists with filters, the latest runs, the events of a run, the state of a project. */
@Module({
  imports: [InputsModule, ProjectsModule, QuotaModule, RunsModule],
  controllers: [RunHistoryController, ProjectsController],
  providers: [LatestRuns, ProjectChanges, RunHistoryQueries, RunPast],
  exports: [LatestRuns, ProjectChanges, RunHistoryQueries, RunPast],
})
export class HistoryModule {}
