import { whileLocked } from './lock-wait';
import type { Transaction } from './writer';

/**
 * Milliseconds. Reads never wait for writes, but another process may lock the whole file, for example to recover it.
 */
const WAIT_MS = 5_000;

/** Reads the committed state. Waits for a lock of another process without blocking the event loop. */
export class PatientReader implements Pick<Transaction, 'query'> {
  constructor(private readonly connection: Pick<Transaction, 'query'>) {}

  /** @throws StorageError */
  query<Row = unknown>(sql: string, parameters?: unknown[]): Promise<Row[]> {
    return whileLocked(
      () => this.connection.query<Row>(sql, parameters),
      (waitedMs) => waitedMs < WAIT_MS,
    );
  }
}
