import { randomBytes } from 'node:crypto';
import BetterSqlite3 from 'better-sqlite3';
import { readOrigin } from '../database/read-origin';
import { BackupError } from './backup-error';

/**
 * Checks an extracted database, and makes it an installation of its own: the original may still be running, and share
 * a Redis with it.
 * @throws BackupError
 */
export function prepareRestoredDatabase(file: string): void {
  const connection = new BetterSqlite3(file);
  try {
    const check = connection.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') throw new BackupError(`The database in the backup is damaged: ${String(check)}`);
    const { origin, tables } = readOrigin(connection);
    if (origin !== 'ours')
      throw new BackupError('The database in the backup is not a database of this Jobato.');
    connection.transaction(() => {
      if (tables.includes('installation'))
        connection.prepare('UPDATE installation SET installation_id = ?').run(randomBytes(8).toString('hex'));
      // They are by the clock of another process.
      if (tables.includes('recorded_deadlines')) connection.exec('DELETE FROM recorded_deadlines');
    })();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
      throw new BackupError(`The database in the backup is damaged: ${message}`, { cause: error });
    throw error;
  } finally {
    connection.close();
  }
}
