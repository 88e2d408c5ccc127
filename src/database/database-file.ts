import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StorageError } from './storage-error';

/** SQLite keeps all three files open while the database is open. */
const SUFFIXES = ['', '-wal', '-shm'];
/** Two changes of a folder within this time may have the same timestamps. */
const TIMESTAMP_RESOLUTION_MS = 2_000;

/**
 * The files that the connections have open. If a file is deleted or replaced, SQLite continues to use it through the
 * open descriptors. All its data is lost when the process exits. This class therefore compares the files at their
 * paths.
 *
 * This class never opens the files: closing any descriptor of a file releases the locks that SQLite holds on it.
 */
export class DatabaseFile {
  private readonly identities: Map<string, string | null>;
  /** Whether the path is a symbolic link. The folder of the link does not show changes to its target. */
  private readonly isLink: boolean;
  /** State of the folder when all files were last in place; null if a later change might not change the state. */
  private folderState: string | null = null;

  /** @param path of a database that is open in WAL mode */
  constructor(readonly path: string) {
    this.identities = new Map(SUFFIXES.map((suffix) => [path + suffix, identityOf(path + suffix)]));
    this.isLink = lstatSync(path).isSymbolicLink();
  }

  /** Called twice per transaction. While the folder is unchanged, it needs a single system call. */
  isInPlace(): boolean {
    const { state, isSettled } = folderStateOf(dirname(this.path));
    if (state === null) return false;
    if (state === this.folderState) return true;
    for (const [path, identity] of this.identities) {
      if (identityOf(path) !== identity) return false;
    }
    this.folderState = isSettled && !this.isLink ? state : null;
    return true;
  }

  /** @throws StorageError */
  assertInPlace(): void {
    if (!this.isInPlace()) throw new StorageError('gone');
  }

  walBytes(): number {
    return statSync(`${this.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** Returns device and inode of a file; null if the path leads to no file. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/**
 * Returns a state that changes when an entry in the folder is added, removed or renamed. `isSettled` means that every
 * later change will change the state.
 */
function folderStateOf(path: string): { state: string | null; isSettled: boolean } {
  try {
    const { dev, ino, ctimeNs, ctimeMs } = statSync(path, { bigint: true });
    return {
      state: `${dev}:${ino}:${ctimeNs}`,
      isSettled: Number(ctimeMs) < Date.now() - TIMESTAMP_RESOLUTION_MS,
    };
  } catch {
    return { state: null, isSettled: false };
  }
}
