import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { Clock } from '../clock/clock';
import type { Transaction } from '../database/writer';
import { JobatoError } from '../http/problem-catalogue';
import type { RejectedEventEntity } from './event.entities';
import { EventStream } from './event-stream';
import { keptFields } from './kept-fields';
import { RejectedEventRepository, type RejectedTotals } from './rejected-event.repository';
import type { StreamFields } from './run-event';

const MAX_REASON_LENGTH = 1000;
export interface NewRejectedEvent {
  entryId: string;
  reason: string;
  fields: Record<string, string>;
}

/** Events that could not be applied, kept with the reason until an operator redelivers or discards them. */
@Injectable()
export class RejectedEvents {
  constructor(
    private readonly rows: RejectedEventRepository,
    private readonly stream: EventStream,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores rejected events before they are acknowledged, so that none is lost. After a crash before the
   * acknowledgement, the same entry arrives again and is not stored twice.
   */
  async put(tx: Transaction, rejected: NewRejectedEvent[]): Promise<void> {
    if (rejected.length === 0) return;
    const rejectedAt = this.clock.now();
    const listed = await this.rows.knownEntries(
      tx,
      rejected.map(({ entryId }) => entryId),
    );
    const fresh = rejected.filter(({ entryId }) => !listed.has(entryId) && listed.add(entryId));
    const rows = fresh.map(({ entryId, reason: whole, fields: received }) => {
      const { fields, receivedBytes } = keptFields(received);
      const reason = whole.slice(0, MAX_REASON_LENGTH);
      const bytes = Buffer.byteLength(JSON.stringify(fields)) + Buffer.byteLength(reason);
      const runId = received.runId && isUuid(received.runId) ? received.runId.toLowerCase() : null;
      return { entryId, reason, runId, fields, rejectedAt, bytes, receivedBytes };
    });
    await this.rows.insert(tx, rows);
  }

  /** Deletes events that name a run, in the transaction that deletes the run. @returns how many, at most `limit` */
  deleteOf(tx: Transaction, runId: string, limit: number): Promise<number> {
    return this.rows.deleteOf(tx, runId, limit);
  }

  /** Whether there is any rejected event. Does not count them. */
  any(): Promise<boolean> {
    return this.rows.any();
  }

  /** Lists rejected events, newest first. At most `limit`, and fewer if the page would be too large. */
  list(limit: number, before?: number): Promise<{ items: RejectedEventEntity[]; nextCursor: string | null }> {
    return this.rows.list(limit, before);
  }

  totals(): Promise<RejectedTotals> {
    return this.rows.totals();
  }

  /**
   * Publishes the event again, then removes it from the list. The event is marked as redelivered, because it came from
   * outside even if the stream is private to this server.
   */
  async redeliver(id: number): Promise<void> {
    const rejected = await this.rows.find(id);
    if (!rejected) throw notFound(id);
    if (rejected.receivedBytes !== null) {
      throw new JobatoError(
        'REJECTED_EVENT_CUT',
        `The event had ${rejected.receivedBytes} bytes, and only its beginning was stored. Send it again from its source.`,
      );
    }
    await this.stream.publish([{ ...(rejected.fields as unknown as StreamFields), redelivered: '1' }]);
    await this.rows.delete(id);
  }

  async discard(id: number): Promise<void> {
    if (!(await this.rows.delete(id))) throw notFound(id);
  }
}

function notFound(id: number): JobatoError {
  return new JobatoError(
    'REJECTED_EVENT_NOT_FOUND',
    `Rejected event ${id} does not exist. It may have been redelivered or discarded.`,
  );
}
