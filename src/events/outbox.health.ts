import { Injectable } from '@nestjs/common';
import { elapsedText } from '../clock/elapsed-text';
import {
  counted,
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
} from '../health/health-indicator';
import { OutboxRelay } from './outbox-relay';

/** If an event has waited in the outbox for this long, the stream does not accept events. */
const TROUBLE_SECONDS = 10;

/** Whether the stream accepts the events of the outbox. */
@Injectable()
@IndicatorOf('outbox')
export class OutboxHealth implements HealthIndicator {
  constructor(private readonly relay: OutboxRelay) {}

  async check(): Promise<Finding> {
    const { events, oldestAgeSeconds } = await this.relay.depth();
    if (oldestAgeSeconds < TROUBLE_SECONDS) return healthy(`${counted(events, 'event')} to publish`);
    const age = elapsedText(oldestAgeSeconds * 1000);
    throw new Error(`${counted(events, 'event')} waiting to be published, the oldest for ${age}`);
  }
}
