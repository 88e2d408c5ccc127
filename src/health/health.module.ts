import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { HistoryModule } from '../history/history.module';
import { ProjectsModule } from '../projects/projects.module';
import { IntakeModule } from '../intake/intake.module';
import { RunsModule } from '../runs/runs.module';
import { WorkersModule } from '../workers/workers.module';
import { Health } from './health';
import { HealthController } from './health.controller';
import { WorkersHealth } from './workers-health';

@Module({
  imports: [EventsModule, HistoryModule, ProjectsModule, IntakeModule, RunsModule, WorkersModule],
  controllers: [HealthController],
  providers: [Health, WorkersHealth],
  exports: [Health],
})
export class HealthModule {}
