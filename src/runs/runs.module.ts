import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import { EventsModule } from '../events/events.module';
import { InputsModule } from '../inputs/inputs.module';
import { LogsModule } from '../logs/logs.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { ConfigRemarks } from './config-remarks';
import { EventApplier } from './event-applier';
import { EventCountRows } from './event-count-rows';
import { EventConsumer } from './event-consumer';
import { EventIntake } from './event-intake';
import { Housekeeping } from './housekeeping';
import { OverdueWatch } from './overdue-watch';
import { RejectedEventsController } from './rejected-events.controller';
import { RequestWatch } from './request-watch';
import { RunChanges } from './run-changes';
import { RunClaims } from './run-claims';
import { RunDeadlines } from './run-deadlines';
import { RunIds } from './run-id';
import { RunLeases } from './run-leases';
import { RunLogsController } from './run-logs.controller';
import { ReportingHabits } from './reporting-habits';
import { newestRunId, RunQueries } from './run-queries';
import { RunRows } from './run-rows';
import { RunStore } from './run-store';
import { RunStreams } from './run-streams';
import { RunsController } from './runs.controller';
import { RunsService } from './runs.service';
import { UnrecordedStops } from './unrecorded-stops';
import { WorkerRegistry } from './worker-registry';
import { WorkersController } from './workers.controller';

@Module({
  imports: [EventsModule, InputsModule, LogsModule, ProjectsModule, QuotaModule],
  controllers: [RunsController, RunLogsController, RejectedEventsController, WorkersController],
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
    RunClaims,
    RunLeases,
    RunStreams,
    UnrecordedStops,
    EventConsumer,
    EventIntake,
    OverdueWatch,
    RunDeadlines,
    RequestWatch,
    Housekeeping,
    WorkerRegistry,
    ConfigRemarks,
  ],
  exports: [
    ConfigRemarks,
    EventConsumer,
    EventIntake,
    RunsService,
    ReportingHabits,
    RunQueries,
    RunChanges,
    RunClaims,
    RunDeadlines,
    RunLeases,
    RunStreams,
    UnrecordedStops,
    WorkerRegistry,
  ],
})
export class RunsModule {}
