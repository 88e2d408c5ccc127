import { Injectable } from '@nestjs/common';
import {
  attention,
  counted,
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
} from '../health/health-indicator';
import { RejectedEvents } from './rejected-events';

/** Rejected events need an operator, but do not make the server unhealthy. */
@Injectable()
@IndicatorOf('rejected')
export class RejectedEventsHealth implements HealthIndicator {
  constructor(private readonly rejected: RejectedEvents) {}

  async check(): Promise<Finding> {
    const { events } = await this.rejected.totals();
    return events === 0 ? healthy('none') : attention(`${counted(events, 'rejected event')} to review`);
  }
}
