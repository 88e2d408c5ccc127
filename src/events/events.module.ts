import { Module } from '@nestjs/common';
import { AsyncApiController } from './asyncapi.controller';
import { EmbeddedEventStream } from './embedded-event-stream';
import { EventStream } from './event-stream';
import { OutboxRelay } from './outbox-relay';
import { RejectedEvents } from './rejected-events';

@Module({
  controllers: [AsyncApiController],
  providers: [{ provide: EventStream, useClass: EmbeddedEventStream }, OutboxRelay, RejectedEvents],
  exports: [EventStream, OutboxRelay, RejectedEvents],
})
export class EventsModule {}
