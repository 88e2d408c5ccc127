import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import type { TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { RecordedDeadlinesEntity } from './recorded-deadlines.entity';
import type { RecordedDeadlines } from './run-deadlines';

/** The deadlines of the last process. */
@Injectable()
export class RecordedDeadlinesRepository {
  private readonly rows: TableRows<RecordedDeadlinesEntity>;

  constructor(private readonly database: Database) {
    this.rows = database.rows(RecordedDeadlinesEntity);
  }

  /** Returns null if nothing was recorded yet. */
  async find(): Promise<RecordedDeadlines | null> {
    const [row] = await this.rows.select(this.database.read, '', []);
    return row?.record ?? null;
  }

  readonly replace = this.database.command(
    async (tx: Transaction, records: RecordedDeadlines[]): Promise<void[]> => {
      await tx.query('DELETE FROM recorded_deadlines');
      await this.rows.insert(tx, [{ id: 1, record: records.at(-1)! }]);
      return records.map(() => undefined);
    },
  );
}
