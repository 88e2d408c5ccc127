import { setTimeout as delay } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';

const TRY_EVERY_MS = 10;

/** The write lock of a database, held outside of the server process. */
export class DatabaseLock {
  private constructor(private readonly database: BetterSqlite3.Database) {}

  /** Takes the lock between two writes of the server. */
  static async take(file: string): Promise<DatabaseLock> {
    const database = new BetterSqlite3(file, { timeout: 20 });
    for (;;) {
      try {
        database.exec('BEGIN EXCLUSIVE');
        return new DatabaseLock(database);
      } catch (error) {
        if (!(error as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
          database.close();
          throw error;
        }
      }
      await delay(TRY_EVERY_MS);
    }
  }

  release(): void {
    this.database.exec('ROLLBACK');
    this.database.close();
  }
}
