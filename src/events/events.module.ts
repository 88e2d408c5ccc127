import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { Database } from '../database/database';
import { DatabaseModule } from '../database/database.module';
import { readOriginalId } from '../lifecycle/original-installation';
import { AppliedEventRepository } from './applied-event.repository';
import { AsyncApiController } from './asyncapi.controller';
import { EmbeddedEventStream } from './embedded-event-stream';
import {
  AppliedEventEntity,
  InstallationEntity,
  OutboxEntity,
  PublishedRequestEntity,
  RejectedEventEntity,
  RejectedTotalsEntity,
  StreamEntryEntity,
  StreamGroupEntity,
  StreamPendingEntity,
} from './event.entities';
import { EventStream } from './event-stream';
import { EVENT_METRICS } from './event.metrics';
import { OutboxHealth } from './outbox.health';
import { OutboxRelay } from './outbox-relay';
import { OutboxRepository } from './outbox.repository';
import { RedisEventStream } from './redis-event-stream';
import { RejectedEventsHealth } from './rejected-events.health';
import { RejectedEventRepository } from './rejected-event.repository';
import { RejectedEvents } from './rejected-events';
import { ServerEvents } from './server-events';
import { StreamMonitor } from './stream-monitor';

@Module({
  imports: [
    DatabaseModule.forFeature([
      AppliedEventEntity,
      InstallationEntity,
      OutboxEntity,
      PublishedRequestEntity,
      RejectedEventEntity,
      RejectedTotalsEntity,
      StreamEntryEntity,
      StreamGroupEntity,
      StreamPendingEntity,
    ]),
  ],
  controllers: [AsyncApiController],
  providers: [
    { provide: EventStream, inject: [CONFIG, Database, Clock], useFactory: openStream },
    AppliedEventRepository,
    OutboxRelay,
    OutboxRepository,
    RejectedEventRepository,
    RejectedEvents,
    ServerEvents,
    StreamMonitor,
    OutboxHealth,
    RejectedEventsHealth,
    ...EVENT_METRICS,
  ],
  exports: [AppliedEventRepository, EventStream, OutboxRelay, RejectedEvents, ServerEvents, StreamMonitor],
})
export class EventsModule implements OnApplicationShutdown {
  constructor(@Inject(EventStream) private readonly stream: EventStream) {}

  async onApplicationShutdown(): Promise<void> {
    await this.stream.close();
  }
}

function openStream(
  { dataDir, redisUrl, runEventsStream, runLogsStream }: Config,
  database: Database,
  clock: Clock,
): EventStream {
  return redisUrl === null
    ? new EmbeddedEventStream(database, clock)
    : new RedisEventStream({
        ...{ url: redisUrl, eventsKey: runEventsStream, logsKey: runLogsStream },
        originalId: readOriginalId(dataDir),
      });
}
