import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module';
import { ClaimQueue } from './claim-queue';
import { WorkerEventsController } from './worker-events.controller';
import { WorkerRunsController } from './worker-runs.controller';

/** HTTP for workers that do not speak Redis. */
@Module({
  imports: [RunsModule],
  controllers: [WorkerEventsController, WorkerRunsController],
  providers: [ClaimQueue],
})
export class WorkersApiModule {}
