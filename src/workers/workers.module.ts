import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module';
import { EventsModule } from '../events/events.module';
import { LogsModule } from '../logs/logs.module';
import { ProjectsModule } from '../projects/projects.module';
import { IntakeModule } from '../intake/intake.module';
import { PresenceModule } from '../presence/presence.module';
import { RunsModule } from '../runs/runs.module';
import { ClaimMatcher } from './claim-matcher';
import { ClaimableRuns } from './claimable-runs';
import { DeadlineRecorder } from './deadline-recorder';
import { WorkerEventsController } from './http/worker-events.controller';
import { WorkerLogsController } from './http/worker-logs.controller';
import { WorkerRunsController } from './http/worker-runs.controller';
import { LeaseService } from './lease-service';
import { OverdueWatch } from './overdue-watch';
import { RecordedDeadlinesEntity } from './recorded-deadlines.entity';
import { RecordedDeadlinesRepository } from './recorded-deadlines.repository';
import { RequestWatch } from './request-watch';
import { RestoredRuns } from './restored-runs';
import { RunClaims } from './run-claims';
import { RunDeadlines } from './run-deadlines';
import { WorkerList } from './worker-list';
import { WorkerReports } from './worker-reports';
import { WorkersHealth } from './workers.health';
import { WorkersController } from './workers.controller';

/** Leases of runs, the HTTP calls of external workers, and the deadlines of runs. */
@Module({
  imports: [
    DatabaseModule.forFeature([RecordedDeadlinesEntity]),
    EventsModule,
    IntakeModule,
    LogsModule,
    PresenceModule,
    ProjectsModule,
    RunsModule,
  ],
  controllers: [WorkersController, WorkerEventsController, WorkerLogsController, WorkerRunsController],
  providers: [
    ClaimMatcher,
    ClaimableRuns,
    DeadlineRecorder,
    LeaseService,
    OverdueWatch,
    RecordedDeadlinesRepository,
    RequestWatch,
    RestoredRuns,
    RunClaims,
    RunDeadlines,
    WorkerList,
    WorkerReports,
    WorkersHealth,
  ],
  exports: [LeaseService, RunClaims, WorkerList, WorkerReports],
})
export class WorkersModule {}
