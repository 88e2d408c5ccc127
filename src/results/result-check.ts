import { constants } from 'node:fs';
import { chmod, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { storageReasonOf } from '../database/storage-error';
import { copyOpenFile } from '../files/copy-open-file';
import type { ResultTable } from '../projects/project';
import type { ResultFlaw } from './run-result';

const SQLITE_HEADER = 'SQLite format 3\0';
/** A larger log of changes would take long to apply. */
const MAX_WAL_BYTES = 64 * 1024 * 1024;
const JOURNAL_HEADER_BYTES = 28;
const READ_ONLY = 0o444;
/** A link is not followed, and a pipe does not block. */
const OPENING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Checks copies of results, and makes them ready for readers. */
export class ResultCheck {
  /**
   * Makes one file of an SQLite database. Readers need no further files beside it, and no permission to write.
   * @param source path of the original, beside which SQLite keeps changes that are not yet in it
   * @returns what is wrong; null if nothing is
   * @throws the error of the disk if it is full
   */
  async settle(copy: string, source: string, table: ResultTable | null): Promise<ResultFlaw | null> {
    if (!(await isSqlite(copy))) return table === null ? null : 'not-a-database';
    if (await isJournalInUse(`${source}-journal`)) return 'open-database';
    const walBytes = await sizeOf(`${source}-wal`);
    if (walBytes > MAX_WAL_BYTES) return 'open-database';
    if (walBytes > 0) {
      const log = await open(`${source}-wal`, OPENING);
      await copyOpenFile(log, `${copy}-wal`).finally(() => log.close());
    }
    try {
      const database = new BetterSqlite3(copy);
      try {
        database.pragma('trusted_schema = OFF');
        database.pragma('journal_mode = DELETE');
        return table === null ? null : flawOfTable(database, table);
      } finally {
        database.close();
      }
    } catch (error) {
      // The copy is made again when there is space.
      if (storageReasonOf(error) === 'full') throw error;
      return 'damaged-database';
    } finally {
      await Promise.all(
        ['-wal', '-shm', '-journal'].map((ending) => rm(`${copy}${ending}`, { force: true })),
      );
    }
  }

  /** Makes a copy durable and read-only. @returns its size in bytes */
  async seal(folder: string, name: string): Promise<number> {
    const path = join(folder, name);
    const file = await open(path, 'r');
    try {
      await file.sync();
      const { size } = await file.stat();
      const names = await open(folder, 'r');
      try {
        // The umask decides who may read it, and gave the folder its mode. The mode of the original counts for nothing.
        await chmod(path, (await names.stat()).mode & READ_ONLY);
        await names.sync();
      } finally {
        await names.close();
      }
      return size;
    } finally {
      await file.close();
    }
  }
}

function flawOfTable(database: BetterSqlite3.Database, table: ResultTable): ResultFlaw | null {
  const quoted = `'${table.name.replaceAll("'", "''")}'`;
  const columns = (database.pragma(`table_xinfo(${quoted})`) as { name: string }[]).map(({ name }) => name);
  const used = [...(table.columns ?? []), table.newBy, table.title, table.link, table.sort?.column ?? null];
  const missing = used.some((column) => column !== null && !columns.includes(column));
  return columns.length === 0 || missing ? 'no-such-table' : null;
}

async function isSqlite(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const start = Buffer.alloc(SQLITE_HEADER.length);
    await file.read(start, 0, start.length, 0);
    return start.toString('latin1') === SQLITE_HEADER;
  } finally {
    await file.close();
  }
}

/** SQLite overwrites the start of a journal that it keeps after a change (`journal_mode = PERSIST`). */
async function isJournalInUse(path: string): Promise<boolean> {
  if ((await sizeOf(path)) === 0) return false;
  const file = await open(path, OPENING);
  try {
    const { buffer } = await file.read(Buffer.alloc(JOURNAL_HEADER_BYTES), 0, JOURNAL_HEADER_BYTES, 0);
    return buffer.some((byte) => byte !== 0);
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}
