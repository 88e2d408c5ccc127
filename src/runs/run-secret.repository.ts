import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { isTerminal, type Run } from './run';
import { RunSecretsEntity } from './run.entity';

const WITHOUT_ACTIVE_RUN = "run_id NOT IN (SELECT run_id FROM runs WHERE status = 'running')";

/** The encrypted secrets of active runs. */
@Injectable()
export class RunSecretRepository {
  private readonly secrets: TableRows<RunSecretsEntity>;

  constructor(private readonly database: Database) {
    this.secrets = database.rows(RunSecretsEntity);
  }

  async insert(tx: Transaction, rows: RunSecretsEntity[]): Promise<void> {
    await this.secrets.insert(tx, rows);
  }

  /** Returns the encrypted secrets of a run; null if there are none. */
  async find(runId: string): Promise<string | null> {
    const [row] = await this.secrets.select(this.database.read, 'WHERE run_id = ?', [runId]);
    return row?.sealed ?? null;
  }

  /**
   * Deletes secrets of runs that are not active. There are none, unless another program has changed the database. Reads
   * first, so that it usually writes nothing.
   */
  async deleteLeftovers(): Promise<void> {
    const leftovers = await this.secrets.select(this.database.read, `WHERE ${WITHOUT_ACTIVE_RUN}`, []);
    if (leftovers.length > 0) await this.deleteWithoutRun();
  }

  private readonly deleteWithoutRun = this.database.command(
    async (tx: Transaction, times: void[]): Promise<void[]> => {
      await tx.query(`DELETE FROM run_secrets WHERE ${WITHOUT_ACTIVE_RUN}`);
      return times;
    },
  );
}

/** Deletes the secrets of those runs that have ended, in the transaction that ends them. */
export async function deleteSecretsOfEnded(
  tx: Transaction,
  runs: Pick<Run, 'runId' | 'status' | 'secretParams'>[],
): Promise<void> {
  const ended = runs.filter((run) => run.secretParams !== null && isTerminal(run)).map(({ runId }) => runId);
  if (ended.length > 0) await tx.query(`DELETE FROM run_secrets WHERE run_id IN ${inList(ended)}`, ended);
}
