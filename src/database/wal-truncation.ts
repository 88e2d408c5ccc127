import type { DatabaseFile } from './database-file';
import type { Transaction } from './writer';

/** A checkpoint copies and syncs, so it is left to a moment in which no caller writes. */
const IDLE_MS = 2_000;
/** A log of this size is not worth a checkpoint: SQLite writes over it from its beginning. */
const KEEP_BYTES = 4 * 1024 * 1024;

/**
 * Gives the disk back what a burst of writes left in the write-ahead log, which SQLite itself only does when the
 * database is closed. While writes never cease, `journal_size_limit` bounds the log.
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
      // A transaction has just begun, or the disk is in trouble, which the next write reports.
    }
  }
}
