import { Module } from '@nestjs/common';
import { makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { DatabaseModule } from '../database/database.module';
import { EventsModule } from '../events/events.module';
import { LogsModule } from '../logs/logs.module';
import { QuotaModule } from '../quota/quota.module';
import { RunsModule } from '../runs/runs.module';
import { BatchRecords } from './batch-records';
import { EventApplier } from './event-applier';
import { EventBatches } from './event-batches';
import { EventConsumer } from './event-consumer';
import { RunEventCountsEntity } from './event-count.entity';
import { EventCountRepository } from './event-count.repository';
import { EventIntake } from './event-intake';
import { StreamHealth } from './stream.health';
import { RejectedEventsController } from './rejected-events.controller';

/** Turns the events of workers into changes of runs: each exactly once, from the stream or from HTTP calls. */
@Module({
  imports: [
    DatabaseModule.forFeature([RunEventCountsEntity]),
    EventsModule,
    LogsModule,
    QuotaModule,
    RunsModule,
  ],
  controllers: [RejectedEventsController],
  providers: [
    BatchRecords,
    EventApplier,
    EventBatches,
    EventConsumer,
    EventCountRepository,
    EventIntake,
    StreamHealth,
    makeCounterProvider({
      name: 'jobato_events_of_deleted_runs_total',
      help: 'Late events of deleted runs, which were dropped, since the process started',
    }),
  ],
  exports: [EventConsumer, EventIntake],
})
export class IntakeModule {}
