import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import type { TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import type { Pause } from './pause';
import { PauseEntity } from './schedule.entities';

/** The table of pauses: one for each paused project, and one for all. */
@Injectable()
export class PauseRepository {
  private readonly pauses: TableRows<PauseEntity>;

  constructor(private readonly database: Database) {
    this.pauses = database.rows(PauseEntity);
  }

  all(): Promise<Pause[]> {
    return this.pauses.select(this.database.read, 'ORDER BY scope', []);
  }

  /** Stores a pause, in place of another one of the same scope. */
  readonly store = this.database.command(async (tx: Transaction, pauses: Pause[]): Promise<void[]> => {
    for (const pause of pauses) {
      await tx.query('DELETE FROM pauses WHERE scope = ?', [pause.scope]);
      await this.pauses.insert(tx, [pause]);
    }
    return pauses.map(() => undefined);
  });

  readonly remove = this.database.command(async (tx: Transaction, scopes: string[]): Promise<void[]> => {
    await tx.each(
      'DELETE FROM pauses WHERE scope = ?',
      scopes.map((scope) => [scope]),
    );
    return scopes.map(() => undefined);
  });
}
