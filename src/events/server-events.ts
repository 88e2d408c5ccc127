import { Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import { Clock } from '../clock/clock';
import type { Transaction } from '../database/writer';
import { AppliedEventRepository } from './applied-event.repository';
import { OutboxRepository } from './outbox.repository';
import type { RunEvent, RunEventMap } from './run-event';

/** An event that this server publishes about a run. */
export type ServerEvent = { runId: string } & (
  | { eventType: 'run.requested'; payload: RunEventMap['run.requested'] }
  | { eventType: 'run.cancel.requested'; payload: RunEventMap['run.cancel.requested'] }
);

/** The server's own events: written to the outbox, and to the inbox as part of the history of their runs. */
@Injectable()
export class ServerEvents {
  constructor(
    private readonly clock: Clock,
    private readonly outbox: OutboxRepository,
    private readonly inbox: AppliedEventRepository,
  ) {}

  /** Adds the events in the transaction that makes them true. Call `OutboxRelay.kick` after the commit. */
  async put(tx: Transaction, events: ServerEvent[]): Promise<void> {
    const occurredAt = this.clock.now();
    const complete = events.map((event): RunEvent => ({
      eventId: v7(), // v7 ids increase, so the inbox index grows at its end and not on a page for each event
      eventVersion: 1,
      occurredAt,
      ...event,
    }));
    await this.outbox.insert(tx, complete);
    await this.inbox.insert(
      tx,
      complete.map(({ eventId, eventType, runId, payload }) => ({
        eventId,
        eventType,
        occurredAt,
        appliedAt: occurredAt,
        runId,
        payload: JSON.stringify(payload),
        payloadHash: null,
        outcome: 'applied',
        entryId: null,
        origin: 'server',
        fromPhase: null,
        toPhase: null,
      })),
    );
  }

  /** Publishes events that have just been applied, without a second row in the inbox. */
  async publish(tx: Transaction, events: RunEvent[]): Promise<void> {
    await this.outbox.insert(tx, events);
  }
}
