import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module';
import { EventsModule } from '../events/events.module';
import { IntakeModule } from '../intake/intake.module';
import { PresenceModule } from '../presence/presence.module';
import { RunsModule } from '../runs/runs.module';
import { WorkersModule } from '../workers/workers.module';
import { EmbeddedAttempts } from './embedded-attempts';
import { EmbeddedRecovery } from './embedded-recovery';
import { EmbeddedWorker } from './embedded-worker';
import { LocalControlPlane } from './local-control-plane';
import { ProcessRegistry } from './process-registry';
import { StartableSteps } from './startable-steps';
import { StepPipes } from './step-pipes';
import { StepRunner } from './step-runner';
import { StepSettings } from './step-settings';
import { ArtifactsModule } from '../artifacts/artifacts.module';

@Module({
  imports: [
    ArtifactsModule,
    ChannelsModule,
    EventsModule,
    IntakeModule,
    PresenceModule,
    RunsModule,
    WorkersModule,
  ],
  providers: [
    EmbeddedAttempts,
    EmbeddedRecovery,
    EmbeddedWorker,
    LocalControlPlane,
    ProcessRegistry,
    StartableSteps,
    StepPipes,
    StepRunner,
    StepSettings,
  ],
})
export class ExecutorModule {}
