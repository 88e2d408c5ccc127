import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DataFolderInUse, DataFolderLock, LOCK_FILE } from '../lifecycle/data-folder-lock';
import { PRIVATE_FOLDER } from '../lifecycle/private-files';
import { ORIGINAL_FILE } from '../lifecycle/original-installation';
import { RESTORED_FILE } from '../lifecycle/restored-notice';
import { dataFolderError } from '../lifecycle/start-up-error';
import { RESTORING_FOLDER } from '../lifecycle/unfinished-restore';
import { PARTS } from './archive-format';
import { BackupError } from './backup-error';

const DATABASE_FOLDER = 'db';
/** All names that a restore can create. The database is the last one to be moved to its place. */
const RESTORED_NAMES = [...PARTS, ORIGINAL_FILE, RESTORED_FILE, DATABASE_FOLDER];
/** May be in a folder that counts as empty: the lock of a server that has ended, and the root of a file system. */
const NO_CONTENT = [LOCK_FILE, 'lost+found'];

/**
 * An empty data folder that is locked for a restore. The content is extracted into a folder in it, because DATA_DIR may
 * be a mount point, or in a folder that the user cannot write. No server starts while that folder exists.
 */
export class RestoreFolder {
  private readonly discardAtExit = () => this.discard();

  private constructor(
    private readonly dataDir: string,
    private readonly isNew: boolean,
    private readonly lock: DataFolderLock,
  ) {
    process.once('exit', this.discardAtExit);
  }

  /** @throws BackupError if the folder is not empty; StartUpError if it is in use or cannot be used */
  static take(dataDir: string): RestoreFolder {
    const isNew = !existsSync(dataDir);
    assertEmpty(dataDir);
    const lock = DataFolderLock.take(dataDir, []);
    try {
      assertEmpty(dataDir); // a server may have used it in between
      if (existsSync(join(dataDir, RESTORING_FOLDER))) remove(dataDir);
      mkdirSync(join(dataDir, RESTORING_FOLDER), { mode: PRIVATE_FOLDER });
    } catch (error) {
      lock.release();
      throw dataFolderError(error, dataDir);
    }
    return new RestoreFolder(dataDir, isNew, lock);
  }

  /** Where to extract. */
  get path(): string {
    return join(this.dataDir, RESTORING_FOLDER);
  }

  /** Moves the extracted content to its place. */
  complete(): void {
    for (const name of RESTORED_NAMES) {
      if (existsSync(join(this.path, name))) renameSync(join(this.path, name), join(this.dataDir, name));
    }
    rmdirSync(this.path);
    process.off('exit', this.discardAtExit);
    this.lock.release();
  }

  /** Leaves the folder as it was before. */
  discard(): void {
    process.off('exit', this.discardAtExit);
    remove(this.dataDir);
    if (this.isNew) rmSync(this.dataDir, { recursive: true, force: true });
    this.lock.release();
  }
}

function assertEmpty(dataDir: string): void {
  const names = namesIn(dataDir);
  const isUnfinished = names.includes(RESTORING_FOLDER);
  const allowed = [...NO_CONTENT, ...(isUnfinished ? [RESTORING_FOLDER, ...RESTORED_NAMES] : [])];
  if (names.every((name) => allowed.includes(name))) return;
  if (DataFolderLock.isTaken(dataDir)) throw new DataFolderInUse(dataDir);
  throw new BackupError(
    `${dataDir} is not empty. A restore needs an empty folder: move ${dataDir} away, or set another DATA_DIR.`,
  );
}

function namesIn(dataDir: string): string[] {
  try {
    return readdirSync(dataDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw dataFolderError(error, dataDir);
  }
}

/** The folder with the extracted content is removed last: it shows that the others are not complete. */
function remove(dataDir: string): void {
  for (const name of [...RESTORED_NAMES, RESTORING_FOLDER]) {
    rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}
