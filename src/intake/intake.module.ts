import { Module } from '@nestjs/common';
import { makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { DatabaseModule } from '../database/database.module';
import { EventsModule } from '../events/events.module';
import { LogsModule } from '../logs/logs.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { ResultsModule } from '../results/results.module';
import { RunsModule } from '../runs/runs.module';
import { BatchRecords } from './batch-records';
import { EndPreparation } from './end-preparation';
import { EventApplier } from './event-applier';
import { EventBatches } from './event-batches';
import { EventConsumer } from './event-consumer';
import { RunEventCountsEntity } from './event-count.entity';
import { EventCountRepository } from './event-count.repository';
import { EventIntake } from './event-intake';
import { LiveResultHook } from './live-result-hook';
import { StreamHealth } from './stream.health';
import { RejectedEventsController } from './rejected-events.controller';

/** Turns the events of workers into changes of runs: each exactly once, from the stream or from HTTP calls. */
@Module({
  imports: [
    DatabaseModule.forFeature([RunEventCountsEntity]),
    EventsModule,
    LogsModule,
    ProjectsModule,
    QuotaModule,
    ResultsModule,
    RunsModule,
  ],
  controllers: [RejectedEventsController],
  providers: [
    BatchRecords,
    EndPreparation,
    EventApplier,
    EventBatches,
    EventConsumer,
    EventCountRepository,
    EventIntake,
    LiveResultHook,
    StreamHealth,
    makeCounterProvider({
      name: 'jobato_events_of_deleted_runs_total',
      help: 'Late events of deleted runs, which were dropped, since the process started',
    }),
  ],
  exports: [EventConsumer, EventIntake],
})
export class IntakeModule {}
