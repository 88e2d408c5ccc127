import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StorageError } from './storage-error';

/** SQLite keeps all three open for as long as it has the database open. */
const SUFFIXES = ['', '-wal', '-shm'];
/** Within this time, two changes of a folder can leave the same times. */
const TIMESTAMP_RESOLUTION_MS = 2_000;

/**
 * The files that the connections have open. Deleted or replaced ones are still read and written through the open
 * descriptors, and everything in them is lost when the process ends; so their places are compared.
 *
 * They are never opened here: closing any descriptor of a file drops the locks that SQLite holds on it.
 */
export class DatabaseFile {
  private readonly identities: Map<string, string | null>;
  /** A link to a file elsewhere: the folder does not show what happens to that. */
  private readonly isLink: boolean;
  /** The state of the folder in which all files were last found; null where a later change could look the same. */
  private folderState: string | null = null;

  /** @param path of a database that is open in WAL mode */
  constructor(private readonly path: string) {
    this.identities = new Map(SUFFIXES.map((suffix) => [path + suffix, identityOf(path + suffix)]));
    this.isLink = lstatSync(path).isSymbolicLink();
  }

  /** Asked twice in each transaction: while nothing is added to the folder, or removed from it, one system call answers. */
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

/** Null where there is no such file, or the path leads to none any more. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** Changes when an entry is added to a folder, removed or renamed. Settled: a later change is sure to show. */
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
