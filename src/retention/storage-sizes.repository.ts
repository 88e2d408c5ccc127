import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';

/** What is measured by adding up rows. */
export const ROW_SIZES = ['logs', 'events', 'artifacts'] as const;
export type RowSize = (typeof ROW_SIZES)[number];

export interface SizeSlice {
  bytes: number;
  /** Where the next slice begins; null at the end. */
  next: string | number | null;
}

const ROWS: Record<RowSize, { start: string | number; limit: number; sql: string }> = {
  logs: {
    start: '',
    limit: 500,
    sql: 'SELECT run_id AS place, bytes FROM log_ends WHERE run_id > ? ORDER BY run_id LIMIT ?',
  },
  events: {
    start: 0,
    limit: 1000,
    sql:
      'SELECT position AS place, OCTET_LENGTH(payload) AS bytes FROM applied_events WHERE position > ?' +
      ' ORDER BY position LIMIT ?',
  },
  artifacts: {
    start: '',
    limit: 250,
    sql:
      "SELECT run_id AS place, CASE WHEN artifacts_removed_at IS NULL AND artifacts <> '[]' THEN" +
      " (SELECT SUM(json_extract(value, '$.size')) FROM json_each(runs.artifacts)) ELSE 0 END AS bytes" +
      ' FROM runs WHERE run_id > ? ORDER BY run_id LIMIT ?',
  },
};

/** Adds up the sizes that rows have, a few rows at a time, because a query blocks the event loop. */
@Injectable()
export class StorageSizesRepository {
  constructor(private readonly database: Database) {}

  /** @param place where the slice begins; null = at the first row */
  async slice(what: RowSize, place: string | number | null): Promise<SizeSlice> {
    const { start, limit, sql } = ROWS[what];
    const [row] = await this.database.read.query<{
      bytes: number | null;
      count: number;
      last: string | number;
    }>(`SELECT SUM(bytes) AS bytes, COUNT(*) AS count, MAX(place) AS last FROM (${sql}) AS slice`, [
      place ?? start,
      limit,
    ]);
    const { bytes, count, last } = row!;
    return { bytes: Number(bytes ?? 0), next: count < limit ? null : last };
  }
}
