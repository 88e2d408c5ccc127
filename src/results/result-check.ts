import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { chmod, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { storageReasonOf } from '../database/storage-error';
import { copyOpenFile } from '../files/copy-open-file';
import type { ResultTable } from '../projects/project';
import { isCrash } from './crash-signals';
import type { ResultFlaw } from './run-result';

const PROGRAM = join(__dirname, 'result-check-program.js');
const CHECK_WITHIN_MS = 30_000;
const SQLITE_HEADER = 'SQLite format 3\0';
/** A larger log of changes would take long to apply. */
const MAX_WAL_BYTES = 64 * 1024 * 1024;
const JOURNAL_HEADER_BYTES = 28;
const READ_ONLY = 0o444;
/** A link is not followed, and a pipe does not block. */
const OPENING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Checks copies of results, and makes them ready for readers. */
export class ResultCheck {
  /** @param check runs the program; replaced in a test */
  constructor(private readonly check = checkBy(PROGRAM)) {}

  /**
   * Makes one file of an SQLite database. Readers need no further files beside it, and no permission to write.
   * @param source path of the original, beside which SQLite keeps changes that are not yet in it
   * @returns what is wrong; null if nothing is
   * @throws an error of this machine, which says nothing about the file
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
      const outcome = await this.check(copy, table);
      if (outcome === 'fine') return null;
      if (outcome === 'no-such-table') return outcome;
      // The copy is made again when there is space.
      const error = Object.assign(new Error(outcome), { code: outcome });
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

/** Returns what the program prints about a copy; nothing if it takes too long, or if the file crashes it. */
export function checkBy(program: string): (copy: string, table: ResultTable | null) => Promise<string> {
  return (copy, table) =>
    new Promise((resolve, reject) => {
      const options = { timeout: CHECK_WITHIN_MS, killSignal: 'SIGKILL', env: {} } as const;
      execFile(process.execPath, [program, copy, JSON.stringify(table)], options, (error, stdout) => {
        if (error === null || error.killed || isCrash(error.signal)) resolve(stdout);
        // Without this code, a missing program would count as a missing result.
        else
          reject(
            Object.assign(new Error(`The check of a result failed: ${error.message}`), { code: 'EAGAIN' }),
          );
      });
    });
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
