import { statSync } from 'node:fs';
import { StorageError } from './storage-error';

/** SQLite keeps all three open for as long as it has the database open. */
const SUFFIXES = ['', '-wal', '-shm'];

/**
 * The files that the connections have open. Deleted or replaced ones are still read and written through the open
 * descriptors, and everything in them is lost when the process ends; so their places are compared.
 *
 * They are never opened here: closing any descriptor of a file drops the locks that SQLite holds on it.
 */
export class DatabaseFile {
  private readonly identities: Map<string, string | null>;

  /** @param path of a database that is open in WAL mode */
  constructor(private readonly path: string) {
    this.identities = new Map(SUFFIXES.map((suffix) => [path + suffix, identityOf(path + suffix)]));
  }

  isInPlace(): boolean {
    for (const [path, identity] of this.identities) {
      if (identityOf(path) !== identity) return false;
    }
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
