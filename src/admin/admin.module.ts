import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { HealthModule } from '../health/health.module';
import { LogsModule } from '../logs/logs.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { RunsModule } from '../runs/runs.module';
import { EventContractPageController } from './event-contract-page.controller';
import { InstallationPagesController } from './installation-pages.controller';
import { LogWindows } from './log-window';
import { OverviewController } from './overview.controller';
import { PageFrames } from './page-frame';
import { ProjectPageController } from './project.controller';
import { ProjectPasts } from './project-pasts';
import { ProjectReader } from './project-reader';
import { QuotaPageController } from './quota-page.controller';
import { RejectedEventsPageController } from './rejected-events-page.controller';
import { RunPageController } from './run.controller';

/** The pages for people. Nothing depends on them. */
@Module({
  imports: [EventsModule, HealthModule, LogsModule, ProjectsModule, QuotaModule, RunsModule],
  controllers: [
    OverviewController,
    ProjectPageController,
    RunPageController,
    RejectedEventsPageController,
    InstallationPagesController,
    QuotaPageController,
    EventContractPageController,
  ],
  providers: [PageFrames, LogWindows, ProjectPasts, ProjectReader],
})
export class AdminModule {}
