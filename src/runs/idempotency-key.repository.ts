import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { IdempotencyKeyEntity } from './run.entity';

/** The first answer to each request that carried an `Idempotency-Key`. */
@Injectable()
export class IdempotencyKeyRepository {
  private readonly keys: TableRows<IdempotencyKeyEntity>;

  constructor(private readonly database: Database) {
    this.keys = database.rows(IdempotencyKeyEntity);
  }

  async find(idempotencyKey: string): Promise<IdempotencyKeyEntity | null> {
    const [row] = await this.keys.select(this.database.read, 'WHERE idempotency_key = ?', [idempotencyKey]);
    return row ?? null;
  }

  async known(tx: Transaction, keys: string[]): Promise<Map<string, IdempotencyKeyEntity>> {
    if (keys.length === 0) return new Map();
    const rows = await this.keys.select(tx, `WHERE idempotency_key IN ${inList(keys)}`, keys);
    return new Map(rows.map((row) => [row.idempotencyKey, row]));
  }

  async insert(tx: Transaction, rows: IdempotencyKeyEntity[]): Promise<void> {
    await this.keys.insert(tx, rows);
  }

  /** Deletes keys created before this time. A deleted key would start a new run. */
  readonly deleteBefore = this.database.command(
    async (tx: Transaction, times: Instant[]): Promise<void[]> => {
      for (const before of times)
        await tx.query('DELETE FROM idempotency_keys WHERE created_at < ?', [before]);
      return times.map(() => undefined);
    },
  );
}
