import { monotonicMs } from '../clock/clock';
import type { StorageReason } from './storage-error';

/** State of the storage as shown by the latest writes. Times are those of `monotonicMs()`. */
export class StorageCondition {
  /** Why writes fail; null while they succeed. */
  trouble: StorageReason | null = null;
  /** When a write last failed or waited too long; null if there was none in this process. */
  lastTroubleAtMs: number | null = null;

  failed(reason: StorageReason): void {
    this.trouble = reason;
    this.lastTroubleAtMs = monotonicMs();
  }

  succeeded(): void {
    this.trouble = null;
  }
}
