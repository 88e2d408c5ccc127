import { Module } from '@nestjs/common';
import { ProjectsModule } from '../projects/projects.module';
import { RunsModule } from '../runs/runs.module';
import { ClaimQueue } from './claim-queue';
import { ClaimableRuns } from './claimable-runs';
import { WorkerArtifactsController } from './worker-artifacts.controller';
import { WorkerEventsController } from './worker-events.controller';
import { WorkerLogsController } from './worker-logs.controller';
import { WorkerRunsController } from './worker-runs.controller';
import { ArtifactsModule } from '../artifacts/artifacts.module';

/** HTTP for workers that do not speak Redis. */
@Module({
  imports: [ArtifactsModule, ProjectsModule, RunsModule],
  controllers: [
    WorkerEventsController,
    WorkerRunsController,
    WorkerArtifactsController,
    WorkerLogsController,
  ],
  providers: [ClaimQueue, ClaimableRuns],
})
export class WorkersApiModule {}
