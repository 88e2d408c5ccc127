import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList } from '../database/table-rows';
import type { Transaction } from '../database/writer';

/** The ids of deleted runs. They are kept for as long as events of these runs may still arrive. */
@Injectable()
export class DeletedRunRepository {
  constructor(private readonly database: Database) {}

  /** Returns those of the runs that were deleted. */
  async among(tx: Pick<Transaction, 'query'>, runIds: string[]): Promise<Set<string>> {
    if (runIds.length === 0) return new Set();
    const rows = await tx.query<{ run_id: string }>(
      `SELECT run_id FROM deleted_runs WHERE run_id IN ${inList(runIds)}`,
      runIds,
    );
    return new Set(rows.map(({ run_id }) => run_id));
  }

  /** Returns whether the run was deleted lately. */
  async has(runId: string): Promise<boolean> {
    return (await this.among(this.database.read, [runId.toLowerCase()])).size > 0;
  }

  async insert(tx: Transaction, runIds: string[], deletedAt: Instant): Promise<void> {
    await tx.each(
      'INSERT INTO deleted_runs (run_id, deleted_at) VALUES (?, ?)',
      runIds.map((runId) => [runId, deletedAt]),
    );
  }
}
