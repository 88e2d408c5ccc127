import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import { weighedPage } from '../database/weighed-page';
import type { Transaction } from '../database/writer';
import { AppliedEventEntity } from './event.entities';
import type { RunEventMap, RunEventOf } from './run-event';

type RequestEvent = RunEventOf<'run.requested'>;

/**
 * The part of an applied event that distinguishes a repetition from a different event with the same id. `payload` is the
 * whole payload, or a part of it if `payloadHash` is set. Rows of old versions have no hash.
 */
export type StoredEvent = Pick<AppliedEventEntity, 'eventType' | 'runId' | 'payload' | 'payloadHash'>;

/** The inbox: one row for each applied event, in order. */
@Injectable()
export class AppliedEventRepository {
  private readonly rows: TableRows<AppliedEventEntity>;

  constructor(private readonly database: Database) {
    this.rows = database.rows(AppliedEventEntity);
  }

  async insert(tx: Transaction, rows: Partial<AppliedEventEntity>[]): Promise<void> {
    await this.rows.insert(tx, rows);
  }

  /** Returns those of the events that are in the inbox, by event id. */
  async known(tx: Transaction, eventIds: string[]): Promise<Map<string, StoredEvent>> {
    if (eventIds.length === 0) return new Map();
    const rows = await tx.query<StoredEvent & { eventId: string }>(
      'SELECT event_id AS "eventId", event_type AS "eventType", run_id AS "runId", payload,' +
        ` payload_hash AS "payloadHash" FROM applied_events WHERE event_id IN ${inList(eventIds)}`,
      eventIds,
    );
    return new Map(rows.map((row) => [row.eventId, row]));
  }

  /** Returns the stream entries of the events that were applied last. */
  async latestEntryIds(limit: number): Promise<string[]> {
    const rows = await this.database.read.query<{ entry_id: string | null }>(
      'SELECT entry_id FROM applied_events ORDER BY position DESC LIMIT ?',
      [limit],
    );
    return rows.flatMap(({ entry_id }) => entry_id ?? []);
  }

  /** Returns the events of a run after a position, in order. A page is also limited in bytes. */
  async list(
    runId: string,
    limit: number,
    after = 0,
  ): Promise<{ items: AppliedEventEntity[]; nextCursor: string | null }> {
    const { read } = this.database;
    const { keys, hasMore } = await weighedPage<number>(
      read,
      'SELECT position AS key, OCTET_LENGTH(payload) AS size FROM applied_events' +
        ' WHERE run_id = ? AND position > ? ORDER BY position LIMIT ?',
      [runId, after, limit + 1],
      limit,
    );
    if (keys.length === 0) return { items: [], nextCursor: null };
    const items = await this.rows.select(read, `WHERE position IN ${inList(keys)} ORDER BY position`, keys);
    return { items, nextCursor: hasMore ? String(keys.at(-1)) : null };
  }

  /** Returns for each run the `run.requested` event that last announced its current attempt to workers. */
  async requests(runs: { runId: string; attempt: number }[]): Promise<Map<string, RequestEvent>> {
    if (runs.length === 0) return new Map();
    const attempts = new Map(runs.map(({ runId, attempt }) => [runId, attempt]));
    const rows = await this.rows.select(
      this.database.read,
      // An event of this type from any other sender has no effect.
      `WHERE event_type = 'run.requested' AND origin = 'server' AND run_id IN ${inList([...attempts.keys()])}` +
        ' ORDER BY position',
      [...attempts.keys()],
    );
    const events = rows.map(({ eventId, occurredAt, runId, payload }) => ({
      eventId,
      eventType: 'run.requested' as const,
      eventVersion: 1 as const,
      occurredAt,
      runId,
      payload: JSON.parse(payload) as RunEventMap['run.requested'],
    }));
    return new Map(
      events
        .filter(({ runId, payload }) => payload.attempt === attempts.get(runId))
        .map((event) => [event.runId, event]),
    );
  }
}
