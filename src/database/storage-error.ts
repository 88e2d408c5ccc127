/**
 * Why the database file could not be read or written:
 * - `full`: the disk, or the quota of its user, has no room.
 * - `locked`: another process holds the file, and did not release it in time.
 * - `readonly`: the file or its file system refuses writes.
 * - `gone`: the file was deleted, moved or replaced underneath this process.
 * - `broken`: the disk reports errors, or the content is not a database of Jobato.
 */
export type StorageReason = 'full' | 'locked' | 'readonly' | 'gone' | 'broken';

/** SQLite's result codes, without the part that only SQLite's developers need. */
const REASONS: [code: RegExp, reason: StorageReason][] = [
  [/^SQLITE_FULL/, 'full'],
  [/^SQLITE_(BUSY|LOCKED)/, 'locked'],
  // SQLITE_READONLY_DBMOVED: the file is no longer at its path.
  [/^SQLITE_READONLY_DBMOVED$/, 'gone'],
  [/^SQLITE_(READONLY|PERM|AUTH)/, 'readonly'],
  [/^SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|PROTOCOL|NOLFS)/, 'broken'],
];

/** The storage failed; no statement and no caller is to blame, and the same call may succeed later. */
export class StorageError extends Error {
  constructor(
    readonly reason: StorageReason,
    options?: ErrorOptions,
  ) {
    super(`The database cannot be used: ${reason}.`, options);
    this.name = 'StorageError';
  }
}

/** Returns the reason if SQLite blames the storage; null for every other error, such as a broken constraint. */
export function storageReasonOf(error: unknown): StorageReason | null {
  if (error instanceof StorageError) return error.reason;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return null;
  return REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? null;
}
