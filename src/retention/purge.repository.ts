import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { RejectedEvents } from '../events/rejected-events';
import { DeletedRunRepository } from '../runs/deleted-run.repository';
import { type Candidate, RetentionRepository, type Stretch } from './retention.repository';
import { PurgeEntity } from './retention.entities';
import { TABLES_OF_A_RUN, type TableOfRuns } from './tables-of-a-run';

/** The size of one transaction. All other writes wait for it. */
export interface Portion {
  ms: number;
  /** Statements that delete rows, for tests that stop after each. */
  statements: number;
}

/** A commit adds a few milliseconds on most disks. */
export const SHORT_PORTION: Portion = { ms: 2, statements: Infinity };
const CANDIDATES_AT_ONCE = 20;
const ROWS_AT_ONCE = 100;
const BYTES_AT_ONCE = 256 * 1024;

export interface Marked {
  runs: number;
  bytes: number;
  /** Where the next portion begins; null if all runs of the stretch are marked. */
  next: string | null;
}

export type MarkedOne = 'marked' | 'active' | 'pinned' | 'has-result' | 'unknown';

/** Deletions of runs, in portions. Each portion is a transaction, after which the process may end. */
@Injectable()
export class PurgeRepository {
  private readonly purges: TableRows<PurgeEntity>;

  constructor(
    private readonly database: Database,
    private readonly candidates: RetentionRepository,
    private readonly deletedRuns: DeletedRunRepository,
    private readonly rejected: RejectedEvents,
    private readonly clock: Clock,
  ) {
    this.purges = database.rows(PurgeEntity);
  }

  /**
   * Deletes the rows of runs that go, or marks a part of them as removed. From then on a reader sees no such run, or no
   * such part. What belongs to it is deleted later. Selects the runs again: since the plan was made, one of them may
   * have become the newest, or may have been pinned.
   */
  readonly mark = this.database.command(
    async (tx: Transaction, inputs: { stretch: Stretch; portion: Portion }[]): Promise<Marked[]> => {
      const outputs: Marked[] = [];
      for (const { stretch, portion } of inputs) outputs.push(await this.markIn(tx, stretch, portion));
      return outputs;
    },
  );

  /** Deletes the row of one ended run that is not pinned and has no kept result. */
  readonly markOne = this.database.command(
    async (tx: Transaction, runIds: string[]): Promise<MarkedOne[]> => {
      const outputs: MarkedOne[] = [];
      for (const runId of runIds) {
        const [run] = await tx.query<{
          status: string;
          pinned: number;
          projectId: string;
          definitionHash: string;
        }>(
          'SELECT status, pinned, project_id AS "projectId", definition_hash AS "definitionHash" FROM runs' +
            ' WHERE run_id = ?',
          [runId],
        );
        if (!run) outputs.push('unknown');
        else if (run.status === 'running') outputs.push('active');
        else if (run.pinned === 1) outputs.push('pinned');
        else if ((await tx.query('SELECT 1 FROM results WHERE run_id = ?', [runId])).length > 0)
          outputs.push('has-result');
        else {
          const { projectId, definitionHash } = run;
          await this.markRuns(tx, projectId, [{ runId, definitionHash, bytes: 0 }]);
          outputs.push('marked');
        }
      }
      return outputs;
    },
  );

  /** Returns deletions after this one, oldest first. */
  unfinished(afterId: number, limit: number): Promise<PurgeEntity[]> {
    return this.purges.select(this.database.read, 'WHERE id > ? ORDER BY id LIMIT ?', [afterId, limit]);
  }

  async countUnfinished(): Promise<number> {
    const [row] = await this.database.read.query<{ count: number }>('SELECT COUNT(*) AS count FROM purges');
    return Number(row?.count ?? 0);
  }

  /**
   * Deletes rows of these runs, from the run with index `from` on.
   * @returns the index of the first run that may have rows left
   */
  readonly deleteRows = this.database.command(
    async (
      tx: Transaction,
      inputs: { purges: PurgeEntity[]; from: number; portion: Portion }[],
    ): Promise<number[]> => {
      const outputs: number[] = [];
      for (const { purges, from, portion } of inputs) {
        const mayContinue = within(portion);
        let index = from;
        while (index < purges.length && (await this.deleteRowsOf(tx, purges[index]!, mayContinue))) index++;
        outputs.push(index);
      }
      return outputs;
    },
  );

  /** Forgets deletions that are complete. */
  readonly finish = this.database.command(async (tx: Transaction, lists: number[][]): Promise<void[]> => {
    const ids = lists.flat();
    await tx.query(`DELETE FROM purges WHERE id IN ${inList(ids)}`, ids);
    return lists.map(() => undefined);
  });

  /**
   * Forgets ids of runs that were deleted before this time, with the calls that these runs issued in their quota day.
   * @returns how many, at most `limit`
   */
  readonly forgetDeleted = this.database.command(
    async (tx: Transaction, inputs: { before: string; limit: number }[]): Promise<number[]> => {
      const counts: number[] = [];
      for (const { before, limit } of inputs) {
        const old = await tx.query<{ run_id: string }>(
          'SELECT run_id FROM deleted_runs WHERE deleted_at < ? AND NOT EXISTS' +
            ' (SELECT 1 FROM purges WHERE purges.run_id = deleted_runs.run_id) ORDER BY deleted_at LIMIT ?',
          [before, limit],
        );
        const ids = old.map(({ run_id }) => [run_id]);
        await tx.each('DELETE FROM quota_usage WHERE run_id = ?', ids);
        await tx.each('DELETE FROM deleted_runs WHERE run_id = ?', ids);
        counts.push(old.length);
      }
      return counts;
    },
  );

  private async markIn(tx: Transaction, stretch: Stretch, portion: Portion): Promise<Marked> {
    const mayContinue = within(portion);
    const marked: Marked = { runs: 0, bytes: 0, next: stretch.after };
    do {
      const { candidates, next } = await this.candidates.window(
        { ...stretch, after: marked.next! },
        CANDIDATES_AT_ONCE,
        tx,
      );
      if (stretch.part === 'run') await this.markRuns(tx, stretch.projectId, candidates);
      else await this.markParts(tx, stretch.projectId, stretch.part, candidates);
      marked.runs += candidates.length;
      for (const { bytes } of candidates) marked.bytes += bytes;
      marked.next = next;
    } while (marked.next !== null && mayContinue());
    return marked;
  }

  private async markRuns(tx: Transaction, projectId: string, runs: Candidate[]): Promise<void> {
    const ids = runs.map(({ runId }) => runId);
    await tx.each(
      'DELETE FROM runs WHERE run_id = ?',
      ids.map((runId) => [runId]),
    );
    await this.deletedRuns.insert(tx, ids, this.clock.now());
    await this.insertPurges(
      tx,
      runs.map(({ runId, definitionHash }) => [runId, 'run', projectId, definitionHash]),
    );
  }

  private async markParts(
    tx: Transaction,
    projectId: string,
    part: 'logs' | 'artifacts',
    runs: Candidate[],
  ): Promise<void> {
    const now = this.clock.now();
    await tx.each(
      `UPDATE runs SET ${part}_removed_at = ?, revision = revision + 1 WHERE run_id = ?`,
      runs.map(({ runId }) => [now, runId]),
    );
    await this.insertPurges(
      tx,
      runs.map(({ runId }) => [runId, part, projectId, null]),
    );
  }

  private async insertPurges(tx: Transaction, rows: unknown[][]): Promise<void> {
    await tx.each(
      'INSERT INTO purges (run_id, part, project_id, definition_hash) VALUES (?, ?, ?, ?)' +
        ' ON CONFLICT (run_id, part) DO NOTHING',
      rows,
    );
  }

  /** @returns whether all rows of the run are deleted */
  private async deleteRowsOf(
    tx: Transaction,
    { runId, part }: PurgeEntity,
    mayContinue: () => boolean,
  ): Promise<boolean> {
    if (part === 'artifacts') return true;
    for (const table of TABLES_OF_A_RUN) {
      if (part === 'logs' && !table.isLog) continue;
      for (;;) {
        const [deleted] = await tx.each(statementFor(table), [[runId, ...(table.key ? [runId] : [])]]);
        if (deleted === 0) break;
        if (!mayContinue()) return false;
        if (table.key === undefined) break;
      }
    }
    if (part === 'logs') return true;
    while ((await this.rejected.deleteOf(tx, runId, ROWS_AT_ONCE)) > 0) if (!mayContinue()) return false;
    return true;
  }
}

const statements = new Map<TableOfRuns, string>();

/** SQLite returns the size of a column without reading it, so that a statement deletes few large or many small rows. */
function statementFor(table: TableOfRuns): string {
  let statement = statements.get(table);
  if (statement === undefined) {
    const { name, key, large } = table;
    const size = large === undefined ? '0' : `OCTET_LENGTH(${large})`;
    statement =
      key === undefined
        ? `DELETE FROM ${name} WHERE run_id = ?`
        : `DELETE FROM ${name} WHERE run_id = ? AND ${key} IN (SELECT ${key} FROM` +
          ` (SELECT ${key}, SUM(size) OVER (ORDER BY ${key}) - size AS preceding FROM` +
          ` (SELECT ${key}, ${size} AS size FROM ${name} WHERE run_id = ? ORDER BY ${key} LIMIT ${ROWS_AT_ONCE})` +
          ` AS oldest) AS weighed WHERE preceding < ${BYTES_AT_ONCE})`;
    statements.set(table, statement);
  }
  return statement;
}

/** Returns a function that is true until the portion is used up. */
function within({ ms, statements: most }: Portion): () => boolean {
  const untilMs = performance.now() + ms;
  let count = 0;
  return () => ++count < most && performance.now() < untilMs;
}
