import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { RunsModule } from '../runs/runs.module';
import { EmbeddedWorker } from './embedded-worker';
import { ProcessRegistry } from './process-registry';
import { StepRunner } from './step-runner';
import { ArtifactsModule } from '../artifacts/artifacts.module';

@Module({
  imports: [ArtifactsModule, EventsModule, RunsModule],
  providers: [EmbeddedWorker, ProcessRegistry, StepRunner],
})
export class ExecutorModule {}
