import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import type { TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { type PassRecord, RetentionStateEntity } from './retention.entities';

/** The state of retention that survives a restart: a single row. */
@Injectable()
export class RetentionStateRepository {
  private readonly rows: TableRows<RetentionStateEntity>;

  constructor(private readonly database: Database) {
    this.rows = database.rows(RetentionStateEntity);
  }

  async get(): Promise<RetentionStateEntity> {
    const [row] = await this.rows.select(this.database.read, '', []);
    return row!;
  }

  readonly storeTrustedTime = this.database.commandAlong(
    async (tx: Transaction, times: Instant[]): Promise<void[]> => {
      await tx.query('UPDATE retention_state SET trusted_at = ?', [times.at(-1)]);
      return times.map(() => undefined);
    },
  );

  readonly storePass = this.database.command(
    async (tx: Transaction, passes: PassRecord[]): Promise<void[]> => {
      await tx.query('UPDATE retention_state SET last_pass = ?', [JSON.stringify(passes.at(-1))]);
      return passes.map(() => undefined);
    },
  );
}
