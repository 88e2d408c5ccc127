import { Module } from '@nestjs/common';
import { ArtifactsModule } from '../artifacts/artifacts.module';
import { DatabaseModule } from '../database/database.module';
import { EventsModule } from '../events/events.module';
import { ProjectsModule } from '../projects/projects.module';
import { RunsModule } from '../runs/runs.module';
import { KeptRuns } from './kept-runs';
import { KeptRunsController } from './kept-runs.controller';
import { PinRepository } from './pin.repository';
import { PurgeRepository } from './purge.repository';
import { Purger } from './purger';
import { PurgeEntity, RetentionStateEntity } from './retention.entities';
import { RetentionClock } from './retention-clock';
import { RetentionHealth } from './retention.health';
import { RETENTION_METRICS } from './retention.metrics';
import { RetentionPass } from './retention-pass';
import { RetentionPlanner } from './retention-planner';
import { RetentionPreview } from './retention-preview';
import { RetentionController } from './retention.controller';
import { RetentionRepository } from './retention.repository';
import { RetentionSchedule } from './retention-schedule';
import { RetentionStateRepository } from './retention-state.repository';
import { RunFiles } from './run-files';
import { StorageController } from './storage.controller';
import { StorageReport } from './storage-report';
import { StorageSizesRepository } from './storage-sizes.repository';

/** Which runs are deleted, and the deletion of runs with everything that belongs to them. */
@Module({
  imports: [
    DatabaseModule.forFeature([PurgeEntity, RetentionStateEntity]),
    ArtifactsModule,
    EventsModule,
    ProjectsModule,
    RunsModule,
  ],
  controllers: [KeptRunsController, RetentionController, StorageController],
  providers: [
    KeptRuns,
    PinRepository,
    PurgeRepository,
    Purger,
    RetentionClock,
    RetentionHealth,
    RetentionPass,
    RetentionPlanner,
    RetentionPreview,
    RetentionRepository,
    RetentionSchedule,
    RetentionStateRepository,
    RunFiles,
    StorageReport,
    StorageSizesRepository,
    ...RETENTION_METRICS,
  ],
  exports: [KeptRuns, StorageReport],
})
export class RetentionModule {}
