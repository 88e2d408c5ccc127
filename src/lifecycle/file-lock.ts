import BetterSqlite3 from 'better-sqlite3';
import { makePrivateFile } from './private-files';

/** A lock on a file. The system releases it however the process exits. Nothing is written to the file. */
export class FileLock {
  private constructor(private readonly database: BetterSqlite3.Database) {}

  /** Creates the file if it does not exist. @returns null if another process holds the lock */
  static tryTake(file: string): FileLock | null {
    makePrivateFile(file); // SQLite would create it readable by other users
    const database = new BetterSqlite3(file, { timeout: 0 });
    try {
      database.pragma('locking_mode = EXCLUSIVE');
      database.pragma('journal_mode = MEMORY'); // so that nothing is written, which would fail on a full disk
      database.exec('BEGIN EXCLUSIVE');
      return new FileLock(database);
    } catch (error) {
      database.close();
      if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return null;
      throw error;
    }
  }

  release(): void {
    this.database.close();
  }
}
