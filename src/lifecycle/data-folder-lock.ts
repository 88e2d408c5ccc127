import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';

export class DataFolderInUse extends Error {
  constructor(dataDir: string) {
    super(`Another Jobato is using ${dataDir}. Stop it, or give this one a DATA_DIR of its own.`);
    this.name = 'DataFolderInUse';
  }
}

/**
 * Keeps two servers from sharing a data folder: each would take the other's runs for leftovers of a crash.
 * Held as a lock of SQLite on a file of its own, because the system lets go of that one however the process ends.
 */
export class DataFolderLock {
  private constructor(private readonly database: BetterSqlite3.Database) {}

  /** @throws DataFolderInUse */
  static take(dataDir: string): DataFolderLock {
    mkdirSync(dataDir, { recursive: true });
    const database = new BetterSqlite3(join(dataDir, 'lock'), { timeout: 0 });
    try {
      database.pragma('locking_mode = EXCLUSIVE');
      database.exec('BEGIN EXCLUSIVE');
      return new DataFolderLock(database);
    } catch (error) {
      database.close();
      if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) throw new DataFolderInUse(dataDir);
      throw error;
    }
  }

  release(): void {
    this.database.close();
  }
}
