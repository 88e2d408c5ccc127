import { Module } from '@nestjs/common';
import { EmbeddedEventStream } from './embedded-event-stream';
import { EventStream } from './event-stream';
import { OutboxRelay } from './outbox-relay';
import { RejectedEvents } from './rejected-events';

@Module({
  providers: [{ provide: EventStream, useClass: EmbeddedEventStream }, OutboxRelay, RejectedEvents],
  exports: [EventStream, OutboxRelay, RejectedEvents],
})
export class EventsModule {}
