import type { StorageReason } from './storage-error';

/** What the last writes showed of the storage. Times are those of `performance.now()`. */
export class StorageCondition {
  /** Why nothing can be written; null while writing works. */
  trouble: StorageReason | null = null;
  /** When a write last failed or had waited too long; null if that never happened in this process. */
  lastTroubleAtMs: number | null = null;

  failed(reason: StorageReason): void {
    this.trouble = reason;
    this.lastTroubleAtMs = performance.now();
  }

  succeeded(): void {
    this.trouble = null;
  }
}
