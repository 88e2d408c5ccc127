import { whileLocked } from './lock-wait';
import type { Transaction } from './writer';

/** Readers wait for no writer, but another process that holds the whole file, for example to recover it, blocks them. */
const WAIT_MS = 5_000;

/** Reads the committed state. A lock of another process is waited for without blocking the event loop. */
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
