import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { ProjectsModule } from '../projects/projects.module';
import { RunsModule } from '../runs/runs.module';
import { Health } from './health';
import { HealthController } from './health.controller';

@Module({
  imports: [EventsModule, ProjectsModule, RunsModule],
  controllers: [HealthController],
  providers: [Health],
  exports: [Health],
})
export class HealthModule {}
