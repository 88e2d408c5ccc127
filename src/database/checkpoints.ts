import { Logger } from '@nestjs/common';
import { CheckpointThread } from './checkpoint-thread';
import type { DatabaseFile } from './database-file';
import type { Transaction } from './writer';

/** Pages that the write-ahead log may have ahead of the database before the thread copies them. */
const PAGES_AHEAD = 1000;
/** Interval for reading the size of the log, in milliseconds. */
const LOOK_EVERY_MS = 20;
/** The thread ends when it has had nothing to do for this time, in milliseconds. */
const THREAD_IDLE_MS = 10_000;
/** Milliseconds before another thread is started after one that failed. */
const NEXT_THREAD_MS = 60_000;
/** Milliseconds without writes before the log is truncated, because that copies and syncs data. */
const TRUNCATE_AFTER_MS = 2_000;
/** SQLite overwrites the log from its start, so a log up to this size is not worth a truncation. */
const KEEP_BYTES = 4 * 1024 * 1024;

/**
 * Copies the write-ahead log into the database.
 *
 * SQLite itself does that within a commit, which then takes as long as the disk needs for up to 32 MB. A thread
 * therefore does most of it beforehand. When the writer's own checkpoint comes, it finds little left, and SQLite then
 * starts the log again from its beginning.
 *
 * After a burst of writes, the log is truncated to 0 bytes. SQLite itself does that only when it closes the database.
 * During continuous writes, `journal_size_limit` only cuts the log back to a limit.
 */
export class Checkpoints {
  private readonly logger = new Logger('Database');
  private thread: CheckpointThread | null = null;
  /** Resolves when the thread that ended last has closed its connection. */
  private ending: Promise<void> = Promise.resolve();
  private isCopying = false;
  private isStopped = false;
  private nextLookMs = -Infinity;
  private truncateTimer: NodeJS.Timeout | null = null;
  private idleTimer: NodeJS.Timeout | null = null;

  constructor(
    private readonly connection: Pick<Transaction, 'query'>,
    private readonly file: Pick<DatabaseFile, 'path' | 'walBytes' | 'isInPlace'>,
    private readonly newThread = (file: string, onDone: () => void, onFailed: (error: unknown) => void) =>
      new CheckpointThread(file, onDone, onFailed),
  ) {}

  onGroupDone(): void {
    const nowMs = performance.now();
    if (this.isCopying || this.isStopped || nowMs < this.nextLookMs) return;
    this.nextLookMs = nowMs + LOOK_EVERY_MS;
    void this.copyIfLong();
  }

  onIdle(): void {
    if (this.truncateTimer) this.truncateTimer.refresh();
    else this.truncateTimer = setTimeout(() => void this.truncate(), TRUNCATE_AFTER_MS).unref();
  }

  /** Resolves when no thread has a connection any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    if (this.truncateTimer) clearTimeout(this.truncateTimer);
    this.endThread();
    await this.ending;
  }

  private async copyIfLong(): Promise<void> {
    if ((await this.pagesAhead()) < PAGES_AHEAD || this.isStopped || !this.file.isInPlace()) return;
    try {
      this.thread ??= this.newThread(
        this.file.path,
        () => this.onCopied(),
        (error) => this.onFailed(error),
      );
    } catch (error) {
      this.onFailed(error); // the process may not start another thread
      return;
    }
    if (this.idleTimer) clearTimeout(this.idleTimer);
    this.isCopying = true;
    this.thread.checkpoint();
  }

  private onCopied(): void {
    this.isCopying = false;
    if (this.thread !== null) this.idleTimer = setTimeout(() => this.endThread(), THREAD_IDLE_MS).unref();
  }

  /** The writer's own checkpoints go on meanwhile. */
  private onFailed(error: unknown): void {
    this.logger.warn(
      `Commits copy the write-ahead log themselves, because its thread failed: ${String(error)}`,
    );
    this.thread = null;
    this.isCopying = false;
    this.nextLookMs = performance.now() + NEXT_THREAD_MS;
  }

  private async pagesAhead(): Promise<number> {
    try {
      const [state] = await this.connection.query<{ log: number; checkpointed: number }>(
        'PRAGMA wal_checkpoint(NOOP)',
      );
      return state!.log - state!.checkpointed;
    } catch {
      return 0; // a transaction has just started
    }
  }

  private endThread(): void {
    if (this.idleTimer) clearTimeout(this.idleTimer);
    this.idleTimer = null;
    const { thread } = this;
    this.thread = null;
    this.isCopying = false;
    if (thread !== null) this.ending = thread.end();
  }

  private async truncate(): Promise<void> {
    if (this.file.walBytes() <= KEEP_BYTES) return;
    try {
      const [result] = await this.connection.query<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)');
      if (result?.busy === 1) this.truncateTimer?.refresh(); // another process is reading, or the thread is copying
    } catch {
      // A transaction has just started, or the disk has an error that the next write reports.
    }
  }
}
