import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { Database } from '../database/database';
import { EmbeddedEventStream } from './embedded-event-stream';
import { EventStream } from './event-stream';
import { OutboxRelay } from './outbox-relay';
import { RedisEventStream } from './redis-event-stream';
import { RejectedEvents } from './rejected-events';
import { StreamMonitor } from './stream-monitor';

@Module({
  providers: [
    { provide: EventStream, inject: [CONFIG, Database, Clock], useFactory: openStream },
    OutboxRelay,
    RejectedEvents,
    StreamMonitor,
  ],
  exports: [EventStream, OutboxRelay, RejectedEvents, StreamMonitor],
})
export class EventsModule implements OnApplicationShutdown {
  constructor(@Inject(EventStream) private readonly stream: EventStream) {}

  async onApplicationShutdown(): Promise<void> {
    await this.stream.close();
  }
}

function openStream(
  { redisUrl, runEventsStream, runLogsStream }: Config,
  database: Database,
  clock: Clock,
): EventStream {
  return redisUrl === null
    ? new EmbeddedEventStream(database, clock)
    : new RedisEventStream({ url: redisUrl, eventsKey: runEventsStream, logsKey: runLogsStream });
}
