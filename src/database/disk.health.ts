import { Injectable } from '@nestjs/common';
import {
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
  type Trouble,
} from '../health/health-indicator';
import { DiskSpace } from './disk-space';

@Injectable()
@IndicatorOf('disk')
export class DiskHealth implements HealthIndicator {
  constructor(private readonly disk: DiskSpace) {}

  check(): Finding {
    const trouble = this.disk.trouble();
    if (trouble !== null) throw new Error(trouble);
    return healthy(this.disk.room());
  }

  troubles(): Trouble[] {
    const trouble = this.disk.trouble();
    return trouble === null ? [] : [{ message: trouble, since: null, refusesRuns: true }];
  }

  whyNotReady(): string | null {
    return this.disk.trouble();
  }
}
