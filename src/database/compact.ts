import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { MEGABYTE, sizeText } from '../config/size-text';
import { makePrivateFile } from '../lifecycle/private-files';
import { StartUpError } from '../lifecycle/start-up-error';
import { Retention1700000000023 } from './migrations/23-retention';
import { assertOurs, compactingFile } from './open-connections';

/** For the pages that SQLite adds, such as those that point to other pages. */
const ROOM_FACTOR = 1.1;

export interface Compacted {
  beforeBytes: number;
  afterBytes: number;
}

/**
 * Writes the database again without its free pages, and so that it returns free pages from then on. Writes a new file
 * beside the old one and renames it: a process that ends in between leaves the old database complete. It needs less
 * room than VACUUM, which writes everything a second time to the write-ahead log.
 * @param file of a database that no other process uses
 * @throws StartUpError
 */
export function compact(file: string): Compacted {
  if (!existsSync(file))
    throw new StartUpError(`${file} does not exist. Set DATA_DIR to a folder with data.`);
  const target = compactingFile(file);
  rmSync(target, { force: true });
  const beforeBytes = sizeOf(file) + sizeOf(`${file}-wal`);
  const connection = new BetterSqlite3(file, { timeout: 0, fileMustExist: true });
  try {
    assertCurrent(connection, file);
    connection.pragma('wal_checkpoint(TRUNCATE)');
    assertRoom(connection, file);
    makePrivateFile(target);
    connection.pragma('auto_vacuum = INCREMENTAL');
    connection.prepare('VACUUM INTO ?').run(target);
  } catch (error) {
    rmSync(target, { force: true });
    throw error;
  } finally {
    connection.close();
  }
  sync(target);
  replace(file, target);
  return { beforeBytes, afterBytes: sizeOf(file) };
}

/** The log of the old file must not be applied to the new one. */
function replace(file: string, target: string): void {
  if (sizeOf(`${file}-wal`) > 0)
    throw new StartUpError(`${file} is still open in another program. Close that program and try again.`);
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  sync(dirname(file));
  renameSync(target, file);
  sync(dirname(file));
}

/** The first start of this version records whether the folder is new, by a property that a new file has. */
function assertCurrent(connection: BetterSqlite3.Database, file: string): void {
  const isKnown = assertOurs(connection, file) === 'ours';
  const { name } = new Retention1700000000023();
  if (isKnown && connection.prepare('SELECT 1 FROM migrations WHERE name = ?').get(name)) return;
  throw new StartUpError(
    `${file} is from an earlier version. Start the server of this version once, and stop it.`,
  );
}

function assertRoom(connection: BetterSqlite3.Database, file: string): void {
  const pragma = (name: string) => connection.pragma(name, { simple: true }) as number;
  const liveBytes = (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  const neededBytes = Math.ceil(liveBytes * ROOM_FACTOR) + MEGABYTE;
  const { bavail, bsize } = statfsSync(dirname(file));
  if (bavail * bsize >= neededBytes) return;
  throw new StartUpError(
    `Compacting needs ${sizeText(neededBytes)} of free space in ${dirname(file)}, which has ${sizeText(bavail * bsize)}. Free some space and try again.`,
  );
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
