import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FileLock } from '../lifecycle/file-lock';
import { PRIVATE_FOLDER } from '../lifecycle/private-files';

/** Also recognised within the folders of a backup, which leaves it out. */
export const TEMPORARY_PREFIX = '.jobato-backup-';
const LOCK = 'lock';
/** A folder without a lock is being created, if it is not older. */
const CREATED_WITHIN_MS = 60_000;

/**
 * A private folder for the files of a backup that is not complete. It is deleted however the process exits; after a
 * SIGKILL, the next backup into the same place deletes it.
 */
export class TemporaryFolder {
  private readonly removeAtExit = () => this.remove();

  private constructor(
    readonly path: string,
    private readonly lock: FileLock,
  ) {
    process.once('exit', this.removeAtExit);
  }

  /** @throws the error of the file system */
  static make(parent: string): TemporaryFolder {
    removeLeftovers(parent);
    const path = mkdtempSync(join(parent, TEMPORARY_PREFIX));
    return new TemporaryFolder(path, FileLock.tryTake(join(path, LOCK))!);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    process.off('exit', this.removeAtExit);
    rmSync(this.path, { recursive: true, force: true });
    this.lock.release();
  }
}

function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue;
    try {
      removeIfAbandoned(join(parent, name));
    } catch {
      // It is being removed by its process, or stays where it is.
    }
  }
}

function removeIfAbandoned(folder: string): void {
  const { uid, mtimeMs, mode } = lstatSync(folder);
  const isOurs = uid === process.getuid?.() && (mode & 0o777) === PRIVATE_FOLDER;
  if (!isOurs) return;
  if (!existsSync(join(folder, LOCK))) {
    if (Date.now() - mtimeMs > CREATED_WITHIN_MS) rmSync(folder, { recursive: true });
    return;
  }
  const lock = FileLock.tryTake(join(folder, LOCK));
  if (lock === null) return;
  rmSync(folder, { recursive: true });
  lock.release();
}
