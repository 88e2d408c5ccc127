import { StorageError, storageReasonOf } from './storage-error';

it.each([
  ['SQLITE_FULL', 'full'],
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['SQLITE_IOERR_SHMSIZE', 'full'],
  ['SQLITE_BUSY', 'locked'],
  ['SQLITE_BUSY_RECOVERY', 'locked'],
  ['SQLITE_LOCKED_SHAREDCACHE', 'locked'],
  ['SQLITE_READONLY', 'readonly'],
  ['SQLITE_READONLY_DIRECTORY', 'readonly'],
  ['EROFS', 'readonly'],
  ['SQLITE_READONLY_DBMOVED', 'gone'],
  ['SQLITE_IOERR_FSYNC', 'broken'],
  ['SQLITE_CORRUPT_INDEX', 'broken'],
  ['SQLITE_NOTADB', 'broken'],
  ['SQLITE_CANTOPEN', 'broken'],
  ['EIO', 'broken'],
  ['SQLITE_CONSTRAINT_UNIQUE', null],
  ['SQLITE_ERROR', null],
  ['ENOENT', null],
])('classifies %s as %s', (code, reason) => {
  expect(storageReasonOf(Object.assign(new Error(), { code }))).toBe(reason);
});

it('returns null for a value without an error code', () => {
  for (const other of [new Error('full'), null, undefined, 'SQLITE_FULL', { code: 5 }]) {
    expect(storageReasonOf(other)).toBeNull();
  }
});

it('maps a full disk to STORAGE_FULL and other reasons to STORAGE_UNAVAILABLE with a retry time', () => {
  const cause = new Error('database or disk is full');
  const full = new StorageError('full', { cause });
  expect(full).toMatchObject({ code: 'STORAGE_FULL', reason: 'full', cause });
  expect(storageReasonOf(full)).toBe('full');
  for (const reason of ['locked', 'readonly', 'gone', 'broken'] as const) {
    expect(new StorageError(reason)).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      extras: { retryAfterSeconds: 5 },
    });
  }
});
