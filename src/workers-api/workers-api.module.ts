import { Module } from '@nestjs/common';
import { ProjectsModule } from '../projects/projects.module';
import { RunsModule } from '../runs/runs.module';
import { ClaimQueue } from './claim-queue';
import { ClaimableRuns } from './claimable-runs';
import { WorkerArtifactsController } from './worker-artifacts.controller';
import { WorkerEventsController } from './worker-events.controller';
import { WorkerLogsController } from './worker-logs.controller';
import { WorkerRunsController } from './worker-runs.controller';

/** HTTP for workers that do not speak Redis. */
@Module({
  imports: [RunsModule, ProjectsModule],
  controllers: [
    WorkerEventsController,
    WorkerRunsController,
    WorkerArtifactsController,
    WorkerLogsController,
  ],
  providers: [ClaimQueue, ClaimableRuns],
})
export class WorkersApiModule {}
