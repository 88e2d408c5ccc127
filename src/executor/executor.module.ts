import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { RunsModule } from '../runs/runs.module';
import { EmbeddedWorker } from './embedded-worker';
import { ProcessRegistry } from './process-registry';
import { StepRunner } from './step-runner';

@Module({
  imports: [EventsModule, RunsModule],
  providers: [EmbeddedWorker, ProcessRegistry, StepRunner],
})
export class ExecutorModule {}
