import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
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

  /** Deletes pauses that ended before an instant. */
  readonly removeEnded = this.database.commandAlong(
    async (tx: Transaction, instants: Instant[]): Promise<void[]> => {
      await tx.each(
        'DELETE FROM pauses WHERE until < ?',
        instants.map((before) => [before]),
      );
      return instants.map(() => undefined);
    },
  );
}
