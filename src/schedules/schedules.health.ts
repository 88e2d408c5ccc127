import { Injectable } from '@nestjs/common';
import { elapsedText } from '../clock/elapsed-text';
import {
  counted,
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
} from '../health/health-indicator';
import { ScheduleBook } from './schedule-book';
import { Scheduler } from './scheduler';

/** A due time without a record for this long shows that the scheduler does not work. */
const TROUBLE_MS = 30_000;

/** Whether due times are recorded. */
@Injectable()
@IndicatorOf('schedules')
export class SchedulesHealth implements HealthIndicator {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly book: ScheduleBook,
  ) {}

  check(): Finding {
    const waitMs = this.scheduler.longestWaitMs();
    if (waitMs < TROUBLE_MS) return healthy(`${counted(this.book.all().length, 'schedule')}`);
    throw new Error(`A scheduled run has been due for ${elapsedText(waitMs)} and has not started`);
  }
}
