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

const RESERVED =
  'This server was restored from a backup. It does not use the event stream while the original server uses it, or for ' +
  '60 s after that. Runs wait meanwhile. Give the server that stays another RUN_EVENTS_STREAM if both go on.';

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
    if (this.stream.isReserved) throw new Error(RESERVED);
    if (this.stream.trouble !== null) {
      throw new Error(`${kind} is unavailable: ${this.stream.trouble}. ${EFFECT}`);
    }
    const { foreignServers } = this.monitor;
    if (foreignServers.length > 0) throw new Error(sharedStreamText(foreignServers));
    if (this.consumer.trouble !== null) throw new Error(this.consumer.trouble);
    const group = (await this.monitor.groups()).find(({ name }) => name === API_GROUP);
    const reconnects =
      this.stream.reconnects === 0 ? '' : `, ${counted(this.stream.reconnects, 'reconnection')}`;
    return healthy(`${kind}, ${group?.lag ?? 0} waiting, ${group?.pending ?? 0} in progress${reconnects}`);
  }

  troubles(): Trouble[] {
    const troubles: Trouble[] = [];
    if (this.stream.trouble !== null) {
      const message = this.stream.isReserved ? RESERVED : `The event stream is unavailable. ${EFFECT}`;
      troubles.push({ message, since: this.monitor.troubleSince, refusesRuns: false });
    }
    const { foreignServers } = this.monitor;
    if (foreignServers.length > 0 && !this.stream.isReserved) {
      troubles.push({ message: sharedStreamText(foreignServers), since: null, refusesRuns: false });
    }
    return troubles;
  }
}
