import { StorageError } from './storage-error';
import { textSize } from './text-size';

export interface QueuedWrite<Command> {
  command: Command;
  input: unknown;
  queuedAtMs: number;
  /** Size of the input. Measured only while the storage is unavailable, because it costs more than a small write. */
  bytes: number;
  resolve: (output: unknown) => void;
  reject: (reason: unknown) => void;
}

const TOO_MANY_WRITES =
  'Too many writes are waiting for the database. Send fewer requests at a time, and try again later.';

export interface QueueLimits {
  /** Limit while the storage works. */
  writes: number;
  writesInTrouble: number;
  bytes: number;
}

/** A queue of writes, first in, first out. Bounded, because callers may be faster than a failing disk. */
export class WriteQueue<Command> {
  private readonly writes: QueuedWrite<Command>[] = [];
  private bytes = 0;

  constructor(private readonly limits: QueueLimits) {}

  get length(): number {
    return this.writes.length;
  }

  /** @param isWaiting whether the storage is unavailable, so that the queue only grows */
  add(command: Command, input: unknown, isWaiting: boolean): Promise<unknown> {
    const bytes = isWaiting ? textSize(input) : 0;
    const { writes, writesInTrouble } = this.limits;
    const mostWrites = isWaiting ? writesInTrouble : writes;
    if (this.writes.length >= mostWrites || this.bytes + bytes > this.limits.bytes) {
      return Promise.reject(new StorageError('locked', { detail: TOO_MANY_WRITES }));
    }
    this.bytes += bytes;
    return new Promise((resolve, reject) => {
      this.writes.push({ command, input, queuedAtMs: performance.now(), bytes, resolve, reject });
    });
  }

  take(count: number): QueuedWrite<Command>[] {
    const taken = this.writes.splice(0, count);
    for (const { bytes } of taken) this.bytes -= bytes;
    return taken;
  }

  /** Removes and returns the writes that were queued up to this time. */
  takeOlderThan(queuedAtMs: number): QueuedWrite<Command>[] {
    const end = this.writes.findIndex((write) => write.queuedAtMs > queuedAtMs);
    return this.take(end < 0 ? this.writes.length : end);
  }
}
