import { Injectable } from '@nestjs/common';
import { elapsedText } from '../clock/elapsed-text';
import { type Finding, type HealthIndicator, healthy, IndicatorOf } from '../health/health-indicator';
import { Lifecycle } from './lifecycle';

@Injectable()
@IndicatorOf('process')
export class ProcessHealth implements HealthIndicator {
  constructor(private readonly lifecycle: Lifecycle) {}

  check(): Finding {
    if (this.lifecycle.isStopping) throw new Error('stopping');
    return healthy(`up for ${elapsedText(process.uptime() * 1000)}`);
  }

  whyNotReady(): string | null {
    return this.lifecycle.isStopping ? 'The server is stopping.' : null;
  }
}
