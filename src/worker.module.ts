import { type DynamicModule, Module } from '@nestjs/common';
import { ClockModule } from './clock/clock.module';
import type { WorkerConfig } from './config/config';
import { ConfigModule } from './config/config.module';
import { EventStream } from './events/event-stream';
import { RedisEventStream } from './events/redis-event-stream';
import { ProcessRegistry } from './executor/process-registry';
import { ClaimedAttempts } from './executor/claimed-attempts';
import { ServerLink } from './executor/server-link';
import { StepPipes } from './executor/step-pipes';
import { StepRunner } from './executor/step-runner';
import { WorkerProcess } from './executor/worker-process';
import { LifecycleModule } from './lifecycle/lifecycle.module';
import { ProjectsModule } from './projects/projects.module';
import { ArtifactFiles } from './artifacts/artifact-files';

/** The modules of a worker process: no database, no pages. */
@Module({})
export class WorkerModule {
  static with(config: WorkerConfig): DynamicModule {
    return {
      module: WorkerModule,
      imports: [ConfigModule.with(config), ClockModule, LifecycleModule, ProjectsModule],
      providers: [
        { provide: EventStream, useFactory: () => openStream(config) },
        ArtifactFiles,
        ProcessRegistry,
        StepPipes,
        StepRunner,
        ServerLink,
        ClaimedAttempts,
        WorkerProcess,
      ],
    };
  }
}

/**
 * Returns the Redis stream. Without Redis there is no stream, because the embedded one belongs to the server process.
 */
function openStream({ redisUrl, runEventsStream, runLogsStream }: WorkerConfig): EventStream | null {
  return redisUrl === null
    ? null
    : new RedisEventStream({ url: redisUrl, eventsKey: runEventsStream, logsKey: runLogsStream });
}
