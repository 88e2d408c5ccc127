import type { DatabaseFile } from './database-file';
import type { Transaction } from './writer';

/** Milliseconds without writes before a checkpoint, because a checkpoint copies and syncs data. */
const IDLE_MS = 2_000;
/** SQLite overwrites the log from its start, so a log up to this size is not worth a checkpoint. */
const KEEP_BYTES = 4 * 1024 * 1024;

/**
 * Truncates the write-ahead log to 0 bytes after a burst of writes. SQLite itself does that only when it closes the
 * database. During continuous writes, `journal_size_limit` only cuts the log back to a limit.
 */
export class WalTruncation {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly connection: Pick<Transaction, 'query'>,
    private readonly file: Pick<DatabaseFile, 'walBytes'>,
  ) {}

  onIdle(): void {
    if (this.timer) this.timer.refresh();
    else this.timer = setTimeout(() => void this.truncate(), IDLE_MS).unref();
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private async truncate(): Promise<void> {
    if (this.file.walBytes() <= KEEP_BYTES) return;
    try {
      const [result] = await this.connection.query<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)');
      if (result?.busy === 1) this.timer?.refresh(); // another process is reading
    } catch {
      // A transaction has just started, or the disk has an error that the next write reports.
    }
  }
}
