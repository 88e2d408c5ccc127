import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module';
import { EventsModule } from '../events/events.module';
import { HealthModule } from '../health/health.module';
import { InputsModule } from '../inputs/inputs.module';
import { LogsModule } from '../logs/logs.module';
import { NotificationsModule } from '../notifications/notifications.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { RetentionModule } from '../retention/retention.module';
import { RunsModule } from '../runs/runs.module';
import { ResultsModule } from '../results/results.module';
import { ResultTableModule } from '../results/table/result-table.module';
import { AllResultsPageController } from './results/all-results-page.controller';
import { ResultsPageController } from './results/results-page.controller';
import { AlikeRuns } from './run/alike-runs';
import { ArtifactPageController } from './artifact/artifact-page.controller';
import { ArtifactPictureController } from './artifact/artifact-picture.controller';
import { ResultPageController } from './artifact/result-page.controller';
import { MarkdownParser } from './artifact/markdown-parser';
import { EventContractPageController } from './installation/event-contract-page.controller';
import { NotificationsPageController } from './installation/notifications-page.controller';
import { QueriesPageController } from './installation/queries-page.controller';
import { StatusPageController } from './installation/status-page.controller';
import { WorkersPageController } from './installation/workers-page.controller';
import { WorkersReader } from './installation/workers-reader';
import { LivePages } from './page/live-pages';
import { LogReader } from './log/log-reader';
import { OverviewController } from './overview/overview.controller';
import { OverviewReader } from './overview/overview-reader';
import { ProjectStates } from './overview/project-states';
import { PageFrames } from './page/page-frame';
import { PageHeaders } from './page/page-header';
import { Preferences } from './page/preferences';
import { AddProjectController } from './add-project/add-project.controller';
import { DocsPageController } from './docs/docs-page.controller';
import { ThemeController } from './page/theme.controller';
import { CurrentRuns } from './project/current-runs';
import { HistoryReader } from './project/history-reader';
import { ProjectPauseController } from './project/project-pause.controller';
import { ProjectPageController } from './project/project.controller';
import { ProjectPages } from './project/project-pages';
import { ProjectPasts } from './project/project-pasts';
import { ProjectResultController } from './project/project-result.controller';
import { ProjectReader } from './project/project-reader';
import { ProjectWarnings } from './project/project-warnings';
import { QuotaPageController } from './installation/quota-page.controller';
import { RejectedEventsPageController } from './installation/rejected-events-page.controller';
import { SchedulesPageController } from './installation/schedules-page.controller';
import { SchedulesReader } from './installation/schedules-reader';
import { RunLogPartController } from './log/run-log.controller';
import { RunPageController } from './run/run.controller';
import { RunEnds } from './run/run-ends';
import { RunFactsReader } from './run/run-facts';
import { RunPages } from './run/run-pages';
import { KeptRunPageController } from './run/kept-run.controller';
import { RunPast } from './run/run-past';
import { RunWholePage } from './run/run-whole-page';
import { RunsPageController } from './runs/runs-page.controller';
import { RunsReader } from './runs/runs-reader';
import { RunDefinitionPageController } from './run/run-definition.controller';
import { RunTimelineController } from './run/run-timeline.controller';
import { ArtifactsModule } from '../artifacts/artifacts.module';
import { HistoryModule } from '../history/history.module';
import { SchedulesModule } from '../schedules/schedules.module';
import { WorkersModule } from '../workers/workers.module';

/** The web pages. No other module depends on them. */
@Module({
  imports: [
    ArtifactsModule,
    ChannelsModule,
    EventsModule,
    HealthModule,
    HistoryModule,
    InputsModule,
    LogsModule,
    NotificationsModule,
    ProjectsModule,
    QuotaModule,
    ResultsModule,
    ResultTableModule,
    RetentionModule,
    RunsModule,
    SchedulesModule,
    WorkersModule,
  ],
  controllers: [
    OverviewController,
    ProjectPageController,
    ProjectPauseController,
    ProjectResultController,
    ResultPageController,
    // Before the page of a run, whose address begins with the same word.
    RunsPageController,
    RunPageController,
    KeptRunPageController,
    RunLogPartController,
    RunDefinitionPageController,
    RunTimelineController,
    ArtifactPageController,
    AllResultsPageController,
    ArtifactPictureController,
    ResultsPageController,
    RejectedEventsPageController,
    SchedulesPageController,
    WorkersPageController,
    StatusPageController,
    QuotaPageController,
    QueriesPageController,
    NotificationsPageController,
    EventContractPageController,
    ThemeController,
    AddProjectController,
    DocsPageController,
  ],
  providers: [
    PageFrames,
    PageHeaders,
    Preferences,
    LivePages,
    ProjectStates,
    OverviewReader,
    CurrentRuns,
    ProjectPasts,
    ProjectWarnings,
    HistoryReader,
    ProjectReader,
    ProjectPages,
    AlikeRuns,
    RunEnds,
    RunFactsReader,
    RunPast,
    RunPages,
    RunWholePage,
    RunsReader,
    LogReader,
    MarkdownParser,
    SchedulesReader,
    WorkersReader,
  ],
})
export class AdminModule {}
