import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { HealthModule } from '../health/health.module';
import { InputsModule } from '../inputs/inputs.module';
import { LogsModule } from '../logs/logs.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { RunsModule } from '../runs/runs.module';
import { AlikeRuns } from './alike-runs';
import { ArtifactPageController } from './artifact-page.controller';
import { EventContractPageController } from './event-contract-page.controller';
import { InstallationPagesController } from './installation-pages.controller';
import { LivePages } from './live-pages';
import { LogReader } from './log-reader';
import { OverviewController } from './overview.controller';
import { PageFrames } from './page-frame';
import { ProjectPageController } from './project.controller';
import { ProjectPasts } from './project-pasts';
import { ProjectReader } from './project-reader';
import { QuotaPageController } from './quota-page.controller';
import { RejectedEventsPageController } from './rejected-events-page.controller';
import { RunLogPartController } from './run-log.controller';
import { RunPageController } from './run.controller';
import { RunPages } from './run-pages';
import { RunTimelineController } from './run-timeline.controller';

/** The pages for people. Nothing depends on them. */
@Module({
  imports: [EventsModule, HealthModule, InputsModule, LogsModule, ProjectsModule, QuotaModule, RunsModule],
  controllers: [
    OverviewController,
    ProjectPageController,
    RunPageController,
    RunLogPartController,
    RunTimelineController,
    ArtifactPageController,
    RejectedEventsPageController,
    InstallationPagesController,
    QuotaPageController,
    EventContractPageController,
  ],
  providers: [PageFrames, LivePages, LogReader, AlikeRuns, RunPages, ProjectPasts, ProjectReader],
})
export class AdminModule {}
