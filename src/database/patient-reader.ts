import { LOCK_WAIT_MS, whileLocked } from './lock-wait';
import { StorageError, storageReasonOf } from './storage-error';
import type { Transaction } from './writer';

/**
 * Waits for a lock of another process without blocking the event loop. Reads never wait for writes, but another process
 * may lock the whole file, for example to recover it.
 * @throws StorageError
 */
export function patiently<Result>(read: () => Promise<Result>): Promise<Result> {
  return whileLocked(
    () => read().catch(rethrow),
    (waitedMs) => waitedMs < LOCK_WAIT_MS,
  );
}

/** TypeORM wraps the errors of SQLite, and keeps their codes. */
function rethrow(error: unknown): never {
  const reason = error instanceof StorageError ? null : storageReasonOf(error);
  throw reason === null ? error : new StorageError(reason, { cause: error });
}

/** Reads the committed state. */
export class PatientReader implements Pick<Transaction, 'query'> {
  constructor(private readonly connection: Pick<Transaction, 'query'>) {}

  /** @throws StorageError */
  query<Row = unknown>(sql: string, parameters?: unknown[]): Promise<Row[]> {
    return patiently(() => this.connection.query<Row>(sql, parameters));
  }
}
