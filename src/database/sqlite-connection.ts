import type { Database, Statement } from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { StorageError, storageReasonOf } from './storage-error';
import type { Transaction } from './writer';

/** Lists of different lengths need different statements. Above this number, the least recently used one is dropped. */
const MAX_STATEMENTS = 500;

/**
 * Executes statements directly in SQLite. TypeORM calls its logger and subscribers for each statement, which takes
 * longer than most statements.
 */
export class SqliteConnection implements Transaction {
  private readonly statements = new LRUCache<string, Statement<unknown[], unknown>>({ max: MAX_STATEMENTS });

  constructor(
    private readonly database: Database,
    /** A write on a reading connection is a programming error and not a storage problem. */
    private readonly isForReading = false,
  ) {}

  async query<Row = unknown>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.run(sql, (statement) => {
      if (statement.reader) return statement.all(...parameters) as Row[];
      statement.run(...parameters);
      return [];
    });
  }

  async each(sql: string, rows: unknown[][]): Promise<number[]> {
    return this.run(sql, (statement) => rows.map((row) => statement.run(...row).changes));
  }

  /**
   * Moves pages from the end of the file into free ones, and cuts the file. Does nothing without incremental vacuum.
   * `exec`, because the statement frees one page a step and returns no columns.
   */
  returnFreePages(pages: number): void {
    this.database.exec(`PRAGMA incremental_vacuum(${pages})`);
  }

  private run<Result>(sql: string, use: (statement: Statement<unknown[], unknown>) => Result): Result {
    try {
      return use(this.prepared(sql));
    } catch (error) {
      const reason = storageReasonOf(error);
      if (reason !== null && !(reason === 'readonly' && this.isForReading))
        throw new StorageError(reason, { cause: error });
      throw new Error(`${(error as Error).message} (${sql.slice(0, 40)} …)`, { cause: error });
    }
  }

  private prepared(sql: string): Statement<unknown[], unknown> {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = this.database.prepare<unknown[], unknown>(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}
