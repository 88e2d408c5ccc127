import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { HealthModule } from '../health/health.module';
import { InputsModule } from '../inputs/inputs.module';
import { LogsModule } from '../logs/logs.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { RunsModule } from '../runs/runs.module';
import { AlikeRuns } from './run/alike-runs';
import { ArtifactPageController } from './artifact/artifact-page.controller';
import { MarkdownParser } from './artifact/markdown-parser';
import { EventContractPageController } from './installation/event-contract-page.controller';
import { InstallationPagesController } from './installation/installation-pages.controller';
import { LivePages } from './page/live-pages';
import { LogReader } from './log/log-reader';
import { OverviewController } from './overview/overview.controller';
import { PageFrames } from './page/page-frame';
import { ProjectPageController } from './project/project.controller';
import { ProjectPasts } from './project/project-pasts';
import { ProjectReader } from './project/project-reader';
import { QuotaPageController } from './installation/quota-page.controller';
import { RejectedEventsPageController } from './installation/rejected-events-page.controller';
import { RunLogPartController } from './log/run-log.controller';
import { RunPageController } from './run/run.controller';
import { RunPages } from './run/run-pages';
import { RunTimelineController } from './run/run-timeline.controller';
import { ArtifactsModule } from '../artifacts/artifacts.module';
import { HistoryModule } from '../history/history.module';
import { WorkersModule } from '../workers/workers.module';

/** The web pages. No other module depends on them. */
@Module({
  imports: [
    ArtifactsModule,
    EventsModule,
    HealthModule,
    HistoryModule,
    InputsModule,
    LogsModule,
    ProjectsModule,
    QuotaModule,
    RunsModule,
    WorkersModule,
  ],
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
  providers: [
    MarkdownParser,
    PageFrames,
    LivePages,
    LogReader,
    AlikeRuns,
    RunPages,
    ProjectPasts,
    ProjectReader,
  ],
})
export class AdminModule {}
