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
])('reads %s as %s', (code, reason) => {
  expect(storageReasonOf(Object.assign(new Error(), { code }))).toBe(reason);
});

it('finds no reason in what has no code', () => {
  for (const other of [new Error('full'), null, undefined, 'SQLITE_FULL', { code: 5 }]) {
    expect(storageReasonOf(other)).toBeNull();
  }
});

it('is 507 where the disk is full, 503 otherwise, with a time after which to try again', () => {
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
