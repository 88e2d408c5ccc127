import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import { weighedPage } from '../database/weighed-page';
import type { Transaction } from '../database/writer';
import { JobatoError } from '../http/catalogue';
import { RejectedEventEntity } from './event.entities';
import { EventStream } from './event-stream';
import { keptFields } from './kept-fields';
import type { StreamFields } from './run-event';

/** Maximum number of kept events. The oldest are dropped and counted. */
export const MAX_REJECTED_EVENTS = 10_000;
export const MAX_REJECTED_BYTES = 64 * 1024 * 1024;
const MAX_REASON_LENGTH = 1000;
/** Rows read at a time when dropping the oldest events. */
const DROPPED_AT_ONCE = 500;

export interface NewRejectedEvent {
  entryId: string;
  reason: string;
  fields: Record<string, string>;
}

export interface RejectedTotals {
  events: number;
  bytes: number;
  /** Events dropped since installation. */
  dropped: number;
}

/** Events that could not be applied, kept with the reason until an operator redelivers or discards them. */
@Injectable()
export class RejectedEvents {
  private readonly rows: TableRows<RejectedEventEntity>;

  constructor(
    private readonly database: Database,
    private readonly stream: EventStream,
    private readonly clock: Clock,
  ) {
    this.rows = database.rows(RejectedEventEntity);
  }

  /**
   * Stores rejected events before they are acknowledged, so that none is lost. After a crash before the
   * acknowledgement, the same entry arrives again and is not stored twice.
   */
  async put(tx: Transaction, rejected: NewRejectedEvent[]): Promise<void> {
    if (rejected.length === 0) return;
    const rejectedAt = this.clock.now();
    const entryIds = rejected.map(({ entryId }) => entryId);
    const known = await tx.query<{ entry_id: string }>(
      `SELECT entry_id FROM rejected_events WHERE entry_id IN ${inList(entryIds)}`,
      entryIds,
    );
    const listed = new Set(known.map(({ entry_id }) => entry_id));
    const fresh = rejected.filter(({ entryId }) => !listed.has(entryId) && listed.add(entryId));
    const rows = fresh.map(({ entryId, reason: whole, fields: received }) => {
      const { fields, receivedBytes } = keptFields(received);
      const reason = whole.slice(0, MAX_REASON_LENGTH);
      const bytes = Buffer.byteLength(JSON.stringify(fields)) + Buffer.byteLength(reason);
      const runId = received.runId && isUuid(received.runId) ? received.runId.toLowerCase() : null;
      return { entryId, reason, runId, fields, rejectedAt, bytes, receivedBytes };
    });
    await this.rows.insert(tx, rows);
    await this.count(tx, rows.length, sumOf(rows));
    await this.dropOldest(tx);
  }

  /** Updates the stored totals, which avoids counting rows. */
  private async count(tx: Transaction, events: number, bytes: number, dropped = 0): Promise<void> {
    await tx.query(
      'UPDATE rejected_totals SET events = events + ?, bytes = bytes + ?, dropped = dropped + ? WHERE id = 1',
      [events, bytes, dropped],
    );
  }

  private async dropOldest(tx: Transaction): Promise<void> {
    for (;;) {
      const { events, bytes } = await this.totals(tx);
      let [tooMany, tooLarge] = [events - MAX_REJECTED_EVENTS, bytes - MAX_REJECTED_BYTES];
      if (tooMany <= 0 && tooLarge <= 0) return;
      const oldest = await tx.query<{ id: number; bytes: number }>(
        'SELECT id, bytes FROM rejected_events ORDER BY id LIMIT ?',
        [DROPPED_AT_ONCE],
      );
      if (oldest.length === 0) return;
      const dropped = oldest.filter((row) => {
        if (tooMany <= 0 && tooLarge <= 0) return false;
        tooMany--;
        tooLarge -= row.bytes;
        return true;
      });
      await tx.query('DELETE FROM rejected_events WHERE id <= ?', [dropped.at(-1)!.id]);
      await this.count(tx, -dropped.length, -sumOf(dropped), dropped.length);
    }
  }

  /** Whether there is any rejected event. Does not count them. */
  async any(): Promise<boolean> {
    const found = await this.database.read.query('SELECT 1 FROM rejected_events LIMIT 1');
    return found.length > 0;
  }

  /** Lists rejected events, newest first. At most `limit`, and fewer if the page would be too large. */
  async list(
    limit: number,
    before?: number,
  ): Promise<{ items: RejectedEventEntity[]; nextCursor: string | null }> {
    const { read } = this.database;
    const { keys, hasMore } = await weighedPage<number>(
      read,
      'SELECT id AS key, bytes AS size FROM rejected_events WHERE id < ? ORDER BY id DESC LIMIT ?',
      [before ?? Number.MAX_SAFE_INTEGER, limit + 1],
      limit,
    );
    if (keys.length === 0) return { items: [], nextCursor: null };
    const items = await this.rows.select(read, `WHERE id IN ${inList(keys)} ORDER BY id DESC`, keys);
    return { items, nextCursor: hasMore ? String(keys.at(-1)) : null };
  }

  /** Returns the totals of kept and dropped events, without counting rows. */
  async totals(tx: Pick<Transaction, 'query'> = this.database.read): Promise<RejectedTotals> {
    const [row] = await tx.query<RejectedTotals>(
      'SELECT events, bytes, dropped FROM rejected_totals WHERE id = 1',
      [],
    );
    return row!;
  }

  /**
   * Publishes the event again, then removes it from the list. The event is marked as redelivered, because it came from
   * outside even if the stream is private to this server.
   */
  async redeliver(id: number): Promise<void> {
    const [rejected] = await this.rows.select(this.database.read, 'WHERE id = ?', [id]);
    if (!rejected) throw notFound(id);
    if (rejected.receivedBytes !== null) {
      throw new JobatoError(
        'REJECTED_EVENT_CUT',
        `The event had ${rejected.receivedBytes} bytes, and only its beginning was stored. Send it again from its source.`,
      );
    }
    await this.stream.publish([{ ...(rejected.fields as unknown as StreamFields), redelivered: '1' }]);
    await this.deleteRow(id);
  }

  async discard(id: number): Promise<void> {
    if (!(await this.deleteRow(id))) throw notFound(id);
  }

  private readonly deleteRow = this.database.command(
    async (tx: Transaction, ids: number[]): Promise<boolean[]> => {
      const found: boolean[] = [];
      for (const id of ids) {
        const deleted = await tx.query<{ bytes: number }>(
          'DELETE FROM rejected_events WHERE id = ? RETURNING bytes',
          [id],
        );
        await this.count(tx, -deleted.length, -sumOf(deleted));
        found.push(deleted.length > 0);
      }
      return found;
    },
  );
}

function sumOf(rows: { bytes: number }[]): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0);
}

function notFound(id: number): JobatoError {
  return new JobatoError(
    'REJECTED_EVENT_NOT_FOUND',
    `Rejected event ${id} does not exist. It may have been redelivered or discarded.`,
  );
}
