import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';
import type { BetterSqlite3DataSourceOptions } from 'typeorm/driver/better-sqlite3/BetterSqlite3DataSourceOptions';
import { makePrivateFile, makePrivateFolder } from '../lifecycle/private-files';
import { dataFolderError, StartUpError } from '../lifecycle/start-up-error';
import type { DiskReserve } from './disk-reserve';
import { whileLocked } from './lock-wait';
import { MIGRATIONS } from './migrations/all';
import { readOrigin } from './read-origin';
import { StorageError, type StorageReason, storageReasonOf } from './storage-error';

/** Milliseconds that start-up waits for another process that locks the file. */
const OPEN_WAIT_MS = 10_000;
/** Pages of 4 KiB after which a commit checkpoints the write-ahead log into the database. */
const CHECKPOINT_PAGES = 8000;
const PAGE_BYTES = 4096;

const WHY_NOT_OPENED: Record<StorageReason, string> = {
  full: 'cannot be opened because the disk is full. Free some space and start Jobato again.',
  locked: 'is locked by another program. Close that program and start Jobato again.',
  readonly: 'or its folder is read-only. Make both writable for the user account of this server.',
  gone: 'was moved while Jobato was opening it. Start Jobato again.',
  broken:
    'cannot be opened. Check that it is a Jobato database, and that the user account of this server can read and write it.',
};

/**
 * Opens a writing connection, which also runs the migrations, and a reading connection.
 * @throws StartUpError
 */
export async function openConnections(
  file: string,
  entities: EntityTarget<ObjectLiteral>[],
  reserve: DiskReserve,
): Promise<{ writing: DataSource; reading: DataSource }> {
  makePrivate(file);
  const open = (migrationsRun: boolean, prepare: (connection: BetterSqlite3.Database) => void) =>
    openDespiteFullDisk(file, reserve, {
      type: 'better-sqlite3',
      database: file,
      entities: entities as never[],
      migrations: MIGRATIONS,
      migrationsTableName: 'migrations',
      migrationsTransactionMode: 'each',
      migrationsRun,
      timeout: 0, // Milliseconds; SQLite's own wait would block the event loop.
      prepareDatabase: closingOnError(prepare),
    });
  const writing = await open(true, (connection) => {
    // Before the first page is written: later, only VACUUM can change it.
    if (assertOurs(connection, file) === 'new') connection.pragma('auto_vacuum = INCREMENTAL');
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    // Event ids are random, so each insert changes a different page. A large cache keeps most changed pages in memory.
    // A late checkpoint copies a page once for many changes.
    connection.pragma('cache_size = -32000');
    connection.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    connection.pragma(`journal_size_limit = ${CHECKPOINT_PAGES * PAGE_BYTES}`);
  });
  const reading = await open(false, (connection) => {
    connection.function('lower', { deterministic: true }, lower);
    connection.pragma('query_only = ON');
    connection.pragma('cache_size = -16000');
  });
  return { writing, reading };
}

/** Returns the path of a compacted copy while it is incomplete: see compact.ts. A start deletes it. */
export function compactingFile(file: string): string {
  return `${file}-compacting`;
}

/**
 * Makes the folder and the file private. SQLite creates a database according to the umask, and the files next to it
 * with the mode of the database.
 */
function makePrivate(file: string): void {
  try {
    makePrivateFolder(dirname(file));
    makePrivateFile(file);
    rmSync(compactingFile(file), { force: true });
  } catch (error) {
    throw dataFolderError(error, dirname(file));
  }
}

/** Opens a connection. If the disk is full, it frees the reserve first and tries again. */
async function openDespiteFullDisk(
  file: string,
  reserve: DiskReserve,
  options: BetterSqlite3DataSourceOptions,
): Promise<DataSource> {
  try {
    return await openPatiently(options);
  } catch (error) {
    if (storageReasonOf(error) !== 'full' || !reserve.release()) throw explained(error, file);
  }
  try {
    return await openPatiently(options);
  } catch (error) {
    throw explained(error, file);
  }
}

function explained(error: unknown, file: string): unknown {
  const reason = storageReasonOf(error);
  return reason === null ? error : new StartUpError(`${file} ${WHY_NOT_OPENED[reason]}`, { cause: error });
}

function openPatiently(options: BetterSqlite3DataSourceOptions): Promise<DataSource> {
  return whileLocked(
    () => openOnce(options),
    (waitedMs) => waitedMs < OPEN_WAIT_MS,
  );
}

async function openOnce(options: BetterSqlite3DataSourceOptions): Promise<DataSource> {
  try {
    return await new DataSource(options).initialize();
  } catch (error) {
    const reason = storageReasonOf(error);
    throw reason === null ? error : new StorageError(reason, { cause: error });
  }
}

/** Closes the connection if the callback throws, because TypeORM would leave it open. */
function closingOnError(prepare: (connection: BetterSqlite3.Database) => void) {
  return (connection: BetterSqlite3.Database): void => {
    try {
      prepare(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  };
}

/** Checks that the database is new or belongs to Jobato. Runs before anything in the file changes. */
export function assertOurs(connection: BetterSqlite3.Database, file: string): 'new' | 'ours' {
  const { origin } = readOrigin(connection);
  switch (origin) {
    case 'newer':
      throw new StartUpError(
        `${file} was written by a newer version of Jobato. Start that version, or restore a backup made before the upgrade.`,
      );
    case 'foreign':
      throw new StartUpError(
        `${file} is not a Jobato database. Move the file, or set DATA_DIR to another folder.`,
      );
    default:
      return origin;
  }
}

/** Lower-cases all scripts, as PostgreSQL does. The function of SQLite supports only ASCII. */
function lower(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
