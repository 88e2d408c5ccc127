import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module';
import { EventsModule } from '../events/events.module';
import { InputsModule } from '../inputs/inputs.module';
import { ProjectsModule } from '../projects/projects.module';
import { QuotaModule } from '../quota/quota.module';
import { RunsModule } from '../runs/runs.module';
import { ConfigFilesHealth } from './config-files.health';
import { ConfigProblems } from './config-problems';
import { LatestRunRepository } from './latest-run.repository';
import { UpToDateCheck } from './up-to-date-check';
import { ProjectsController } from './projects.controller';
import { RunHistoryController } from './run-history.controller';
import { RunListController } from './run-list.controller';
import { RunHistoryRepository } from './run-history.repository';
import { RunDetailRepository } from './run-detail.repository';

/** Read models of past runs: lists with filters, the latest runs, the events of a run, the state of a project. */
@Module({
  imports: [ChannelsModule, EventsModule, InputsModule, ProjectsModule, QuotaModule, RunsModule],
  controllers: [RunListController, RunHistoryController, ProjectsController],
  providers: [
    ConfigFilesHealth,
    ConfigProblems,
    LatestRunRepository,
    UpToDateCheck,
    RunHistoryRepository,
    RunDetailRepository,
  ],
  exports: [ConfigProblems, LatestRunRepository, UpToDateCheck, RunHistoryRepository, RunDetailRepository],
})
export class HistoryModule {}
