import { JobatoError } from '../http/problem-catalogue';

/**
 * Why the database file could not be read or written:
 * - `full`: the disk, or the quota of its user, has no space left.
 * - `locked`: another process holds the file, and did not release it in time.
 * - `readonly`: the file or its file system refuses writes.
 * - `gone`: the file was deleted, moved or replaced while this process uses it.
 * - `broken`: the disk reports errors, or the content of the file is damaged.
 */
export type StorageReason = 'full' | 'locked' | 'readonly' | 'gone' | 'broken';

/** Messages for users: what happened and what to do. */
export const STORAGE_DETAILS: Record<StorageReason, string> = {
  full: 'The database cannot be written because the disk is full. Free some space. No restart is needed.',
  locked:
    'The database cannot be written because another program has locked it. Close that program or wait until it finishes. No restart is needed.',
  readonly:
    'The database cannot be written because its file or disk is read-only. Make it writable for the user account of this server. No restart is needed.',
  gone: 'The database cannot be written because its file was deleted, moved or replaced while the server was running. Stop the server, restore the file from a backup, and start the server again.',
  broken:
    'The database cannot be used because the disk reports errors or the file is damaged. Check the disk. If the file is damaged, restore it from a backup.',
};

/** Seconds after which a caller may retry. The server itself checks every second whether the storage works again. */
const RETRY_AFTER_SECONDS = 5;

const REASONS_BY_CODE: [code: RegExp, reason: StorageReason][] = [
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)$/, 'full'],
  // SQLite could not create its shared memory file. On a full disk, this happens before any other write.
  [/^SQLITE_IOERR_SHMSIZE$/, 'full'],
  [/^SQLITE_(BUSY|LOCKED)/, 'locked'],
  [/^SQLITE_READONLY_DBMOVED$/, 'gone'],
  [/^(SQLITE_(READONLY|PERM|AUTH).*|EROFS)$/, 'readonly'],
  [/^(SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|PROTOCOL|NOLFS).*|EIO)$/, 'broken'],
];

/**
 * The storage failed. Neither the statement nor the caller is the cause, and the same call may succeed later. A write
 * that rejects with this error had no effect. Only after a disk error during its commit (`broken`) is the effect
 * unknown.
 */
export class StorageError extends JobatoError {
  override readonly cause: unknown;

  constructor(
    readonly reason: StorageReason,
    { cause, detail = STORAGE_DETAILS[reason] }: ErrorOptions & { detail?: string } = {},
  ) {
    super(reason === 'full' ? 'STORAGE_FULL' : 'STORAGE_UNAVAILABLE', detail, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
    this.name = 'StorageError';
    this.cause = cause;
  }
}

/** Returns the reason if SQLite or the file system reports a storage problem; null for every other error. */
export function storageReasonOf(error: unknown): StorageReason | null {
  if (error instanceof StorageError) return error.reason;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return null;
  return REASONS_BY_CODE.find(([pattern]) => pattern.test(code))?.[1] ?? null;
}
