import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import { EventsModule } from '../events/events.module';
import { InputsModule } from '../inputs/inputs.module';
import { LogsModule } from '../logs/logs.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { EventApplier } from './event-applier';
import { EventCountRows } from './event-count-rows';
import { EventConsumer } from './event-consumer';
import { EventIntake } from './event-intake';
import { Housekeeping } from './housekeeping';
import { RejectedEventsController } from './rejected-events.controller';
import { RequestWatch } from './request-watch';
import { RunChanges } from './run-changes';
import { RunIds } from './run-id';
import { RunLogsController } from './run-logs.controller';
import { ReportingHabits } from './reporting-habits';
import { newestRunId, RunQueries } from './run-queries';
import { RunRows } from './run-rows';
import { RunStore } from './run-store';
import { RunStreams } from './run-streams';
import { RunViews } from './run-views';
import { RunsController } from './runs.controller';
import { RunsService } from './runs.service';
import { UnrecordedStops } from './unrecorded-stops';
import { WorkerPresence } from './worker-presence';

@Module({
  imports: [EventsModule, InputsModule, LogsModule, ProjectsModule, QuotaModule],
  controllers: [RunsController, RunLogsController, RejectedEventsController],
  providers: [
    RunsService,
    {
      provide: RunIds,
      inject: [Database, Clock],
      useFactory: async (database: Database, clock: Clock) => new RunIds(clock, await newestRunId(database)),
    },
    RunQueries,
    ReportingHabits,
    RunRows,
    RunStore,
    EventApplier,
    EventCountRows,
    RunChanges,
    RunStreams,
    RunViews,
    UnrecordedStops,
    EventConsumer,
    EventIntake,
    RequestWatch,
    Housekeeping,
    WorkerPresence,
  ],
  exports: [
    EventConsumer,
    EventIntake,
    RunsService,
    RunQueries,
    RunChanges,
    RunStore,
    RunStreams,
    RunViews,
    UnrecordedStops,
    WorkerPresence,
  ],
})
export class RunsModule {}
