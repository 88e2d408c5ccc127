import { existsSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { FileLock } from './file-lock';
import { makeDataFolder, type StepFolder } from './private-files';
import { dataFolderError, StartUpError } from './start-up-error';

export const LOCK_FILE = 'lock';

export class DataFolderInUse extends StartUpError {
  constructor(dataDir: string) {
    super(`Another Jobato server is using ${dataDir}. Stop that server, or set another DATA_DIR.`);
    this.name = 'DataFolderInUse';
  }
}

/**
 * Prevents two servers from sharing a data folder: each would treat the other's runs as left over from a crash. Uses
 * an SQLite lock on a separate file, because the system releases it however the process exits.
 */
export class DataFolderLock {
  private constructor(
    private readonly lock: FileLock,
    /** A sentence for each path in the folder that could not be made private. */
    readonly warnings: string[],
  ) {}

  /**
   * Creates the folder if it does not exist, and locks it.
   * @param stepFolders those that steps use in this folder
   * @throws StartUpError if another process has locked it, or it cannot be used
   */
  static take(dataDir: string, stepFolders?: readonly StepFolder[]): DataFolderLock {
    try {
      const warnings = makeDataFolder(dataDir, stepFolders);
      const file = join(dataDir, LOCK_FILE);
      const lock = FileLock.tryTake(file);
      if (lock !== null && !isDeletedFileOpenElsewhere(file)) return new DataFolderLock(lock, warnings);
      lock?.release();
      throw new DataFolderInUse(dataDir);
    } catch (error) {
      throw dataFolderError(error, dataDir);
    }
  }

  /** Whether another process has locked the folder. Changes nothing in it. @throws StartUpError if it cannot be used */
  static isTaken(dataDir: string): boolean {
    try {
      const file = join(dataDir, LOCK_FILE);
      if (!existsSync(file)) return false;
      const lock = FileLock.tryTake(file);
      lock?.release();
      return lock === null;
    } catch (error) {
      throw dataFolderError(error, dataDir);
    }
  }

  release(): void {
    this.lock.release();
  }
}

/**
 * Whether another process holds the lock of a deleted file at this path, because the folder was emptied while its
 * server runs. Detected only on Linux and for processes of the same user; otherwise returns false.
 */
function isDeletedFileOpenElsewhere(file: string): boolean {
  const deleted = `${realpathSync(file)} (deleted)`;
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .some((pid) => namesIn(`/proc/${pid}/fd`).some((fd) => targetOf(`/proc/${pid}/fd/${fd}`) === deleted));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}
