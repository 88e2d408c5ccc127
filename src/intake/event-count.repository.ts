import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { BatchCounts } from './batch-counts';
import { RunEventCountsEntity } from './event-count.entity';

/** Stores how many events of each run are listed, so that no query has to count them. */
@Injectable()
export class EventCountRepository {
  private readonly rows: TableRows<RunEventCountsEntity>;

  constructor(database: Database) {
    this.rows = database.rows(RunEventCountsEntity);
  }

  async load(tx: Transaction, runIds: string[]): Promise<BatchCounts> {
    if (runIds.length === 0) return new BatchCounts(new Map());
    const rows = await this.rows.select(tx, `WHERE run_id IN ${inList(runIds)}`, runIds);
    return new BatchCounts(new Map(rows.map((row) => [row.runId, row])));
  }

  async store(tx: Transaction, { changed }: BatchCounts): Promise<void> {
    await tx.each(
      'INSERT INTO run_event_counts (run_id, listed, listed_bytes, signs_of_life, unlisted, foreign_events) VALUES (?, ?, ?, ?, ?, ?)' +
        ' ON CONFLICT (run_id) DO UPDATE SET listed = excluded.listed, listed_bytes = excluded.listed_bytes,' +
        ' signs_of_life = excluded.signs_of_life, unlisted = excluded.unlisted, foreign_events = excluded.foreign_events',
      [...changed].map(([runId, { listed, listedBytes, heartbeats, unlisted, foreign }]) => [
        runId,
        listed,
        listedBytes,
        heartbeats,
        unlisted,
        foreign,
      ]),
    );
  }
}
