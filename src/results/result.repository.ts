import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import type { TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { ForeignPointerEntity, LiveResultEntity, ResultEntity } from './result.entities';

/** The live result of a project. */
export interface LiveResult extends ResultEntity, Pick<LiveResultEntity, 'since' | 'chosenBy'> {}

/** A result that goes live, and how many earlier ones stay. */
export interface NewResult {
  result: Omit<ResultEntity, 'position'>;
  keep: number;
}

const LIVE =
  'SELECT results.position AS position, run_id AS "runId", results.project_id AS "projectId", number, file, size,' +
  ' made_at AS "madeAt", since, chosen_by AS "chosenBy" FROM live_results' +
  ' JOIN results ON results.position = live_results.position';

/** The tables of results, of which of them is live, and of pointers that workers changed. */
@Injectable()
export class ResultRepository {
  private readonly results: TableRows<ResultEntity>;
  private readonly live: TableRows<LiveResultEntity>;
  private readonly foreign: TableRows<ForeignPointerEntity>;

  constructor(private readonly database: Database) {
    this.results = database.rows(ResultEntity);
    this.live = database.rows(LiveResultEntity);
    this.foreign = database.rows(ForeignPointerEntity);
  }

  async liveOf(projectId: string): Promise<LiveResult | null> {
    const [row] = await this.database.read.query<LiveResult>(`${LIVE} WHERE live_results.project_id = ?`, [
      projectId,
    ]);
    return row ?? null;
  }

  /** Returns the ids of all projects with a live result. */
  async projectIds(): Promise<string[]> {
    const rows = await this.database.read.query<{ id: string }>('SELECT project_id AS id FROM live_results');
    return rows.map(({ id }) => id);
  }

  /** Returns the live results of all projects, in the order of their ids. */
  allLive(): Promise<LiveResult[]> {
    return this.database.read.query<LiveResult>(`${LIVE} ORDER BY live_results.project_id`);
  }

  /** Returns the results of a project that are kept, newest first. */
  ofProject(projectId: string): Promise<ResultEntity[]> {
    return this.results.select(this.database.read, 'WHERE project_id = ? ORDER BY position DESC', [
      projectId,
    ]);
  }

  /** Makes results live in the transaction that ends their runs, and forgets those that are not kept. */
  async goLive(tx: Transaction, added: NewResult[]): Promise<void> {
    for (const { result, keep } of added) {
      const { projectId, madeAt } = result;
      await this.results.insert(tx, [result]);
      await this.setLive(tx, result.projectId, result.runId, { since: madeAt, chosenBy: null });
      await tx.query(
        'DELETE FROM results WHERE project_id = ? AND position < (SELECT MIN(position) FROM' +
          ' (SELECT position FROM results WHERE project_id = ? ORDER BY position DESC LIMIT ?) AS kept)',
        [projectId, projectId, keep + 1],
      );
    }
  }

  /** Makes a kept result live. @returns whether there is one of that run */
  readonly goBack = this.database.command(
    async (
      tx: Transaction,
      choices: { projectId: string; runId: string; since: Instant; chosenBy: string }[],
    ): Promise<boolean[]> => {
      const done: boolean[] = [];
      for (const { projectId, runId, ...how } of choices) {
        const [known] = await tx.query('SELECT 1 FROM results WHERE project_id = ? AND run_id = ?', [
          projectId,
          runId,
        ]);
        if (known) await this.setLive(tx, projectId, runId, how);
        done.push(known !== undefined);
      }
      return done;
    },
  );

  /** Returns what a worker wrote into the pointer of a project; null if no worker did. */
  async foreignPointer(projectId: string): Promise<ForeignPointerEntity | null> {
    const [row] = await this.foreign.select(this.database.read, 'WHERE project_id = ?', [projectId]);
    return row ?? null;
  }

  readonly storeForeignPointer = this.database.command(
    async (tx: Transaction, pointers: ForeignPointerEntity[]): Promise<void[]> => {
      for (const pointer of pointers) {
        await tx.query('DELETE FROM foreign_pointers WHERE project_id = ?', [pointer.projectId]);
        await this.foreign.insert(tx, [pointer]);
      }
      return pointers.map(() => undefined);
    },
  );

  readonly forgetForeignPointer = this.database.command(
    async (tx: Transaction, projectIds: string[]): Promise<void[]> => {
      await tx.each(
        'DELETE FROM foreign_pointers WHERE project_id = ?',
        projectIds.map((projectId) => [projectId]),
      );
      return projectIds.map(() => undefined);
    },
  );

  private async setLive(
    tx: Transaction,
    projectId: string,
    runId: string,
    how: Pick<LiveResultEntity, 'since' | 'chosenBy'>,
  ): Promise<void> {
    const [row] = await tx.query<{ position: number }>('SELECT position FROM results WHERE run_id = ?', [
      runId,
    ]);
    await tx.query('DELETE FROM live_results WHERE project_id = ?', [projectId]);
    await this.live.insert(tx, [{ projectId, position: row!.position, ...how }]);
  }
}
