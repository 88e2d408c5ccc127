import { Injectable } from '@nestjs/common';
import {
  attention,
  counted,
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
} from '../health/health-indicator';
import { RetentionClock } from './retention-clock';
import { RetentionSchedule } from './retention-schedule';

/** Old runs that stay take space, but do not make the server unhealthy. */
@Injectable()
@IndicatorOf('retention')
export class RetentionHealth implements HealthIndicator {
  constructor(
    private readonly schedule: RetentionSchedule,
    private readonly time: RetentionClock,
  ) {}

  async check(): Promise<Finding> {
    if (await this.time.isClockDoubted()) {
      return attention(
        'The clock is days ahead of the last recorded time: it was set forward, the server was stopped for days, or a ' +
          'backup was restored. Runs are deleted again after 24 hours of running. If the clock is wrong, set it back.',
      );
    }
    const last = await this.schedule.lastPass();
    if (last === null) return healthy('no pass yet');
    if (last.failure !== null) return attention(`Old runs could not be deleted: ${last.failure}`);
    return healthy(
      last.run === 0 ? 'nothing to delete' : `${counted(last.run, 'run')} deleted by the last pass`,
    );
  }
}
