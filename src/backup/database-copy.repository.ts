import BetterSqlite3 from 'better-sqlite3';
import { readOrigin } from '../database/read-origin';
import { storageReasonOf } from '../database/storage-error';
import { makePrivateFile } from '../lifecycle/private-files';
import { BackupError } from './backup-error';

/** Milliseconds to wait for a program that locks the whole database. Writers do not block readers. */
const LOCK_WAIT_MS = 10_000;

/** A consistent copy of a database, as of one moment. */
export class DatabaseCopy {
  private readonly run: BetterSqlite3.Statement<[string]>;

  private constructor(
    private readonly connection: BetterSqlite3.Database,
    readonly lastMigration: string,
    readonly installationId: string | null,
    /** Number of rows of each table. */
    readonly rows: Record<string, number>,
  ) {
    this.run = connection.prepare('SELECT 1 FROM runs WHERE run_id = ?');
  }

  /**
   * Copies a database that a server may be using. The copy is one read transaction, so that it does not start again
   * when the server writes. It has no content of deleted rows, and none of the secrets of active runs.
   *
   * Blocks this process until it is complete.
   * @param target path of the copy
   * @throws BackupError
   */
  static make(source: string, target: string): DatabaseCopy {
    try {
      makePrivateFile(target);
      copyInto(source, target);
      return DatabaseCopy.withoutSecrets(target);
    } catch (error) {
      throw explained(error, source);
    }
  }

  hasRun(runId: string): boolean {
    return this.run.get(runId) !== undefined;
  }

  close(): void {
    this.connection.close();
  }

  private static withoutSecrets(file: string): DatabaseCopy {
    const connection = new BetterSqlite3(file);
    const { tables, migrations } = readOrigin(connection);
    connection.pragma('secure_delete = ON'); // overwrites what it deletes
    if (tables.includes('run_secrets')) connection.exec('DELETE FROM run_secrets');
    const columns = connection
      .prepare<[], string>("SELECT name FROM pragma_table_info('runs')")
      .pluck()
      .all();
    // A lease without a token would need no proof, so each token is replaced.
    if (columns.includes('lease_token')) {
      connection.exec(
        'UPDATE runs SET lease_token = LOWER(HEX(RANDOMBLOB(32))), lease_claim_id = NULL, past_leases = NULL' +
          " WHERE status = 'running' AND lease_token IS NOT NULL",
      );
    }
    const installation = tables.includes('installation')
      ? connection.prepare<[], string>('SELECT installation_id FROM installation').pluck().get()
      : undefined;
    const rows = Object.fromEntries(
      tables
        .filter((table) => !table.startsWith('sqlite_'))
        .map((table) => [table, countOf(connection, table)]),
    );
    return new DatabaseCopy(connection, migrations.at(-1)!, installation ?? null, rows);
  }
}

function copyInto(source: string, target: string): void {
  const connection = new BetterSqlite3(source, {
    readonly: true,
    fileMustExist: true,
    timeout: LOCK_WAIT_MS,
  });
  try {
    switch (readOrigin(connection).origin) {
      case 'newer':
        throw new BackupError(
          `${source} was written by a newer version of Jobato. Make the backup with that version.`,
        );
      case 'new':
        throw new BackupError(`${source} is empty. Start the server on it before you make a backup.`);
      case 'foreign':
        throw new BackupError(
          `${source} is not a Jobato database. Set DATA_DIR to the folder of the server.`,
        );
      case 'ours':
        connection.prepare('VACUUM INTO ?').run(target);
    }
  } finally {
    connection.close();
  }
}

function countOf(connection: BetterSqlite3.Database, table: string): number {
  return connection.prepare<[], number>(`SELECT COUNT(*) FROM "${table}"`).pluck().get()!;
}

function explained(error: unknown, source: string): unknown {
  if (error instanceof BackupError) return error;
  const { code, message } = error as { code?: string; message: string };
  switch (storageReasonOf(error)) {
    case 'full':
      return new BackupError('The disk is too full for a copy of the database. Free some space.', {
        cause: error,
      });
    case 'locked':
      return new BackupError(`${source} is locked by another program. Close that program and try again.`, {
        cause: error,
      });
    case null:
      return error;
    default:
      return new BackupError(
        `${source} cannot be copied (${code}: ${message}). Check that it is a Jobato database, that the user of this command can read it, and that the disk works.`,
        { cause: error },
      );
  }
}
