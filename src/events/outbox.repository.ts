import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { OutboxEntity } from './event.entities';
import { type RunEvent, toStreamFields } from './run-event';

export const REQUESTED = 'run.requested';

/** A row of the outbox that is published and can be deleted. */
interface PublishedRow {
  position: number;
  runId: string;
  isRequest: boolean;
  publishedAt: Instant;
  /** Set for a `run.requested` event on a stream that can lose it. */
  entryId: string | null;
}

/** The outbox, and the places of published requests on the stream. */
@Injectable()
export class OutboxRepository {
  private readonly rows: TableRows<OutboxEntity>;

  constructor(private readonly database: Database) {
    this.rows = database.rows(OutboxEntity);
  }

  /** Adds events in the transaction that makes them true. */
  async insert(tx: Transaction, events: RunEvent[]): Promise<void> {
    await this.rows.insert(tx, events.map(toStreamFields));
  }

  /** Returns rows after a position, in order. */
  after(position: number, limit: number): Promise<OutboxEntity[]> {
    return this.rows.select(this.database.read, 'WHERE position > ? ORDER BY position LIMIT ?', [
      position,
      limit,
    ]);
  }

  async depth(): Promise<{ events: number; oldest: Instant | null }> {
    const [row] = await this.database.read.query<{ events: number; oldest: Instant | null }>(
      'SELECT COUNT(*) AS events, MIN(occurred_at) AS oldest FROM outbox',
    );
    return { events: Number(row?.events ?? 0), oldest: row?.oldest ?? null };
  }

  /** Returns those of the runs that have a `run.requested` event after a position. */
  async requestsAfter(
    position: number,
    runIds: string[],
    reader: Pick<Transaction, 'query'> = this.database.read,
  ): Promise<Set<string>> {
    if (runIds.length === 0) return new Set();
    const rows = await reader.query<{ run_id: string }>(
      `SELECT DISTINCT run_id FROM outbox WHERE position > ? AND event_type = ? AND run_id IN ${inList(runIds)}`,
      [position, REQUESTED, ...runIds],
    );
    return new Set(rows.map(({ run_id }) => run_id));
  }

  /** Deletes published rows with the next commit, and stores where the stream has their requests. */
  readonly settle = this.database.commandAlong(
    async (tx: Transaction, batches: PublishedRow[][]): Promise<void[]> => {
      const published = batches.flat();
      const positions = published.map(({ position }) => position);
      await tx.query(`DELETE FROM outbox WHERE position IN ${inList(positions)}`, positions);
      const places = new Map(
        published.flatMap(({ runId, entryId }) => (entryId === null ? [] : [[runId, entryId]])),
      );
      await tx.each(
        'INSERT INTO published_requests (run_id, entry_id) VALUES (?, ?)' +
          ' ON CONFLICT (run_id) DO UPDATE SET entry_id = excluded.entry_id',
        [...places],
      );
      await this.notePublished(
        tx,
        published.filter(({ isRequest }) => isRequest),
      );
      return batches.map(() => undefined);
    },
  );

  /** Deletes up to `limit` stored places of requests whose runs are claimed or have ended. @returns how many */
  readonly deleteSettledPlaces = this.database.command(
    async (tx: Transaction, limits: number[]): Promise<number[]> => {
      const counts: number[] = [];
      for (const limit of limits) {
        const deleted = await tx.query(
          'DELETE FROM published_requests WHERE run_id IN (SELECT p.run_id FROM published_requests p' +
            ' LEFT JOIN runs ON runs.run_id = p.run_id' +
            " WHERE runs.run_id IS NULL OR runs.status <> 'running' OR runs.claimed_at IS NOT NULL LIMIT ?)" +
            ' RETURNING run_id',
          [limit],
        );
        counts.push(deleted.length);
      }
      return counts;
    },
  );

  /**
   * Stores when the request was published, for external runs only. Decides whether a worker may be executing an
   * unclaimed run.
   */
  private async notePublished(tx: Transaction, requests: PublishedRow[]): Promise<void> {
    await tx.each(
      'UPDATE runs SET request_published_at = ?' +
        " WHERE run_id = ? AND executor = 'external' AND status = 'running' AND claimed_at IS NULL",
      requests.map(({ publishedAt, runId }) => [publishedAt, runId]),
    );
  }
}
