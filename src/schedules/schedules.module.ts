import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module';
import { IntakeModule } from '../intake/intake.module';
import { ProjectsModule } from '../projects/projects.module';
import { RunsModule } from '../runs/runs.module';
import { DueRuns } from './due-runs';
import { PauseRepository } from './pause.repository';
import { Pauses } from './pauses';
import { ScheduleBook } from './schedule-book';
import { PauseEntity, ScheduleRecordEntity, ScheduleStateEntity } from './schedule.entities';
import { SCHEDULE_METRICS } from './schedule.metrics';
import { ScheduleRepository } from './schedule.repository';
import { Scheduler } from './scheduler';
import { SchedulesController } from './schedules.controller';
import { SchedulesHealth } from './schedules.health';
import { SchedulesService } from './schedules.service';

/** Runs that start by the clock: due times, their records, and pauses. */
@Module({
  imports: [
    DatabaseModule.forFeature([ScheduleRecordEntity, ScheduleStateEntity, PauseEntity]),
    IntakeModule,
    ProjectsModule,
    RunsModule,
  ],
  controllers: [SchedulesController],
  providers: [
    DueRuns,
    PauseRepository,
    Pauses,
    ScheduleBook,
    ScheduleRepository,
    Scheduler,
    SchedulesHealth,
    SchedulesService,
    ...SCHEDULE_METRICS,
  ],
  exports: [Pauses, ScheduleRepository, SchedulesService],
})
export class SchedulesModule {}
