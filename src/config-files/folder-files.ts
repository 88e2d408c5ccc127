import { type Dirent, type Stats, statSync } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unreadable } from './file-problem';
import { readConfigFile } from './read-config-file';

/** A deployment removes files and writes them again. A file counts as removed once it is missing for this long. */
const REMOVED_AFTER_MS = 3_000;
/** Within this time, two edits can leave the same size and times. */
const TIMESTAMP_RESOLUTION_MS = 2_000;
/** Limits open files. */
const AT_ONCE = 32;

/** The time of change cannot be set by programs, unlike that of modification, which `cp -p` and rsync keep. */
type Version = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>;

/** A file as the last look found it. */
export interface FolderFile {
  /** The text that was read last; null where the file was never readable. */
  source: string | null;
  /** Why the file cannot be read now; null where it can, or is missing. */
  flaw: string | null;
  /** Since when the file is missing, in ms of `performance.now()`; null where it is there. */
  missingSinceMs: number | null;
  /** What was the file's state when `source` was read; null: read it at the next look. */
  version: Version | null;
}

/**
 * The files of one folder, however they change: edited, replaced, behind a link that was switched, in a folder that
 * was removed and made again. Each look lists the folder by its path and reads what has changed. A watcher of the
 * system would miss some of these, and all of them where its limits are used up.
 */
export class FolderFiles {
  readonly files = new Map<string, FolderFile>();
  /** All entries of the folder, also those that are not wanted. */
  entries: Dirent[] = [];
  /** Why the folder cannot be read; null where it can. Its files are kept as they were. */
  trouble: string | null = null;
  /** What was the folder's state when it was listed; null: list it at the next look. */
  private version: Version | null = null;

  /**
   * @param root the configuration folder. Without it nothing below it counts as removed
   * @param isWanted whether a file of this name is read
   */
  constructor(
    private readonly root: string,
    private readonly folder: string,
    private readonly isWanted: (name: string) => boolean,
    private readonly removedAfterMs = REMOVED_AFTER_MS,
  ) {}

  /**
   * Returns whether the names of the files are those that the last look found. Synchronous, like `isCurrent`: see
   * "System calls in the turn of the trigger" in docs/decisions.md.
   */
  isListCurrent(): boolean {
    return isUnchanged(this.folder, this.version);
  }

  /** Returns whether the file is as the last look read it. */
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
      if (await isThere(this.folder)) throw error; // a link that leads nowhere
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

/** Whether a later edit is sure to have another time. A time in the future is that of another machine's clock. */
function isSettled({ ctimeMs }: Stats, nowMs: number): boolean {
  return ctimeMs < nowMs - TIMESTAMP_RESOLUTION_MS;
}

function isNotFound(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Also true for a link that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    return !isNotFound(error);
  }
}
