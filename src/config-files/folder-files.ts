import { type Dirent, type Stats, statSync } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unreadable } from './file-problem';
import { readConfigFile } from './read-config-file';

/** Milliseconds before a missing file counts as removed, because a deployment may delete files and write them again. */
const REMOVED_AFTER_MS = 3_000;
/** Two edits within this time may leave the same size and timestamps. */
const TIMESTAMP_RESOLUTION_MS = 2_000;
/** Limits open files. */
const AT_ONCE = 32;

/** Includes the change time (ctime), which programs cannot set. `cp -p` and rsync preserve the modification time. */
type Version = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>;

/** A file as found by the last check. */
export interface FolderFile {
  /** The last text that was read; null if the file was never readable. */
  source: string | null;
  /** Why the file cannot be read; null if it is readable or missing. */
  flaw: string | null;
  /** When the file was first missing, in ms of `performance.now()`; null if it exists. */
  missingSinceMs: number | null;
  /** Version of the file when `source` was read; null to read it in the next check. */
  version: Version | null;
}

/**
 * The files of one folder. Detects every kind of change: edits, replacements, switched links, and folders that were
 * deleted and created again. Each check lists the folder by its path and reads changed files. A file system watcher
 * would miss some of these changes, and all of them if its limits are exhausted.
 */
export class FolderFiles {
  readonly files = new Map<string, FolderFile>();
  /** All entries of the folder, including unwanted ones. */
  entries: Dirent[] = [];
  /** Why the folder cannot be read; null if it can. Until then, its files stay unchanged. */
  trouble: string | null = null;
  /** Version of the folder when it was listed; null to list it in the next check. */
  private version: Version | null = null;

  /**
   * @param root the configuration folder. While it is missing, no file below it counts as removed
   * @param isWanted whether a file of this name is read
   */
  constructor(
    private readonly root: string,
    private readonly folder: string,
    private readonly isWanted: (name: string) => boolean,
    private readonly removedAfterMs = REMOVED_AFTER_MS,
  ) {}

  /**
   * Whether the folder has the same files as in the last check. Synchronous, like `isCurrent`: see "System calls in
   * the turn of the trigger" in docs/decisions.md.
   */
  isListCurrent(): boolean {
    return isUnchanged(this.folder, this.version);
  }

  /** Whether the file is unchanged since the last check. */
  isCurrent(name: string): boolean {
    return isUnchanged(join(this.folder, name), this.files.get(name)?.version ?? null);
  }

  async look(): Promise<void> {
    try {
      const nowMs = Date.now();
      const stats = await stat(this.folder).catch(() => null);
      this.entries = await this.list();
      this.version = stats !== null && isSettled(stats, nowMs) ? versionOf(stats) : null;
      this.trouble = null;
    } catch (error) {
      this.version = null;
      this.trouble = unreadable(error, 'folder');
      return;
    }
    const names = this.entries.map(({ name }) => name).filter((name) => this.isWanted(name));
    for (let from = 0; from < names.length; from += AT_ONCE)
      await Promise.all(names.slice(from, from + AT_ONCE).map((name) => this.read(name)));
    const listed = new Set(names);
    for (const name of this.files.keys()) if (!listed.has(name)) this.miss(name);
  }

  private async list(): Promise<Dirent[]> {
    try {
      return await readdir(this.folder, { withFileTypes: true });
    } catch (error) {
      if (this.folder === this.root || !isNotFound(error)) throw error;
      if (await isThere(this.folder)) throw error; // a broken link
      await stat(this.root);
      return [];
    }
  }

  private async read(name: string): Promise<void> {
    const path = join(this.folder, name);
    const known = this.files.get(name) ?? { source: null, flaw: null, missingSinceMs: null, version: null };
    try {
      const nowMs = Date.now();
      const stats = await stat(path);
      if (!isSameVersion(stats, known.version)) {
        known.source = await readConfigFile(path);
        known.version = isSettled(stats, nowMs) ? versionOf(stats) : null;
      }
      known.flaw = null;
    } catch (error) {
      if (isNotFound(error) && !(await isThere(path))) return this.miss(name);
      known.flaw = unreadable(error);
      known.version = null;
    }
    known.missingSinceMs = null;
    this.files.set(name, known);
  }

  private miss(name: string): void {
    const known = this.files.get(name);
    if (known === undefined) return;
    const nowMs = performance.now();
    known.flaw = null;
    known.version = null;
    known.missingSinceMs ??= nowMs;
    if (known.source === null || nowMs - known.missingSinceMs >= this.removedAfterMs) this.files.delete(name);
  }
}

function isUnchanged(path: string, version: Version | null): boolean {
  try {
    return version !== null && isSameVersion(statSync(path), version);
  } catch {
    return false;
  }
}

function versionOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): Version {
  return { dev, ino, size, mtimeMs, ctimeMs };
}

function isSameVersion(one: Version, other: Version | null): boolean {
  return (
    one.ctimeMs === other?.ctimeMs &&
    one.mtimeMs === other.mtimeMs &&
    one.ino === other.ino &&
    one.size === other.size &&
    one.dev === other.dev
  );
}

/**
 * Whether every later edit will have a different timestamp. A timestamp in the future comes from another machine's
 * clock.
 */
function isSettled({ ctimeMs }: Stats, nowMs: number): boolean {
  return ctimeMs < nowMs - TIMESTAMP_RESOLUTION_MS;
}

function isNotFound(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Also true for a broken link. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    return !isNotFound(error);
  }
}
