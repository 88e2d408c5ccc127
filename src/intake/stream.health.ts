import { Injectable } from '@nestjs/common';
import { API_GROUP, EventStream } from '../events/event-stream';
import { sharedStreamText, StreamMonitor } from '../events/stream-monitor';
import {
  counted,
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
  type Trouble,
} from '../health/health-indicator';
import { EventConsumer } from './event-consumer';

const EFFECT = 'The server accepts and stores runs, and starts them when the stream is available again.';

/** Whether events arrive on the stream and are applied. */
@Injectable()
@IndicatorOf('events')
export class StreamHealth implements HealthIndicator {
  constructor(
    private readonly stream: EventStream,
    private readonly monitor: StreamMonitor,
    private readonly consumer: EventConsumer,
  ) {}

  async check(): Promise<Finding> {
    const kind = this.stream.isVolatile ? 'Redis' : 'embedded stream';
    const { foreignServers } = this.monitor;
    if (foreignServers.length > 0) throw new Error(sharedStreamText(foreignServers));
    if (this.stream.trouble !== null) {
      throw new Error(`${kind} is unavailable: ${this.stream.trouble}. ${EFFECT}`);
    }
    if (this.consumer.trouble !== null) throw new Error(this.consumer.trouble);
    const group = (await this.monitor.groups()).find(({ name }) => name === API_GROUP);
    const reconnects =
      this.stream.reconnects === 0 ? '' : `, ${counted(this.stream.reconnects, 'reconnection')}`;
    return healthy(`${kind}, ${group?.lag ?? 0} waiting, ${group?.pending ?? 0} in progress${reconnects}`);
  }

  troubles(): Trouble[] {
    const troubles: Trouble[] = [];
    if (this.stream.trouble !== null) {
      const message = `The event stream is unavailable. ${EFFECT}`;
      troubles.push({ message, since: this.monitor.troubleSince, refusesRuns: false });
    }
    const { foreignServers } = this.monitor;
    if (foreignServers.length > 0) {
      troubles.push({ message: sharedStreamText(foreignServers), since: null, refusesRuns: false });
    }
    return troubles;
  }
}
