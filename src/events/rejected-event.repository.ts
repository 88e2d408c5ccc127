import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import { weighedPage } from '../database/weighed-page';
import type { Transaction } from '../database/writer';
import { RejectedEventEntity } from './event.entities';

/** Maximum number of kept events. The oldest are dropped and counted. */
const MAX_REJECTED_EVENTS = 10_000;
export const MAX_REJECTED_BYTES = 64 * 1024 * 1024;
/** Rows read at a time when dropping the oldest events. */
const DROPPED_AT_ONCE = 500;

export interface RejectedTotals {
  events: number;
  bytes: number;
  /** Events dropped since installation. */
  dropped: number;
}

/** The rejected events, with totals that are stored because counting rows would be slow. */
@Injectable()
export class RejectedEventRepository {
  private readonly rows: TableRows<RejectedEventEntity>;

  constructor(private readonly database: Database) {
    this.rows = database.rows(RejectedEventEntity);
  }

  find(id: number): Promise<RejectedEventEntity | null> {
    return this.database.find(RejectedEventEntity, (events) => events.findOneBy({ id }));
  }

  any(): Promise<boolean> {
    return this.database.find(RejectedEventEntity, (events) => events.exists());
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

  /** Returns the totals of kept and dropped events. */
  async totals(tx: Pick<Transaction, 'query'> = this.database.read): Promise<RejectedTotals> {
    const [row] = await tx.query<RejectedTotals>(
      'SELECT events, bytes, dropped FROM rejected_totals WHERE id = 1',
      [],
    );
    return row!;
  }

  /** Returns those of the stream entries that are in the list. */
  async knownEntries(tx: Transaction, entryIds: string[]): Promise<Set<string>> {
    const known = await tx.query<{ entry_id: string }>(
      `SELECT entry_id FROM rejected_events WHERE entry_id IN ${inList(entryIds)}`,
      entryIds,
    );
    return new Set(known.map(({ entry_id }) => entry_id));
  }

  /** Adds events, and drops the oldest ones beyond the limits. */
  async insert(tx: Transaction, rows: Omit<RejectedEventEntity, 'id'>[]): Promise<void> {
    await this.rows.insert(tx, rows);
    await this.count(tx, rows.length, sumOf(rows));
    await this.dropOldest(tx);
  }

  /** Deletes an event. @returns whether it existed */
  readonly delete = this.database.command(async (tx: Transaction, ids: number[]): Promise<boolean[]> => {
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
  });

  /** Deletes events that name a run, in the transaction that deletes the run. @returns how many, at most `limit` */
  async deleteOf(tx: Transaction, runId: string, limit: number): Promise<number> {
    const deleted = await tx.query<{ bytes: number }>(
      'DELETE FROM rejected_events WHERE id IN' +
        ' (SELECT id FROM rejected_events WHERE run_id = ? ORDER BY id LIMIT ?) RETURNING bytes',
      [runId, limit],
    );
    if (deleted.length > 0) await this.count(tx, -deleted.length, -sumOf(deleted));
    return deleted.length;
  }

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
}

function sumOf(rows: { bytes: number }[]): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0);
}
