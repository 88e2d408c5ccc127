import { fstatSync, writeSync } from 'node:fs';

/** Writes a part of a chunk and returns the number of bytes, like `fs.writeSync`. */
export type WriteChunk = (chunk: Uint8Array) => number;

/** How long a write waits for a full pipe before the event is dropped or fails. */
const PATIENCE_MS = { progress: 2_000, facts: 30_000 };

/**
 * Writes one JSON object per line to the descriptor that Jobato reads.
 *
 * Progress is outdated quickly, so it is dropped if the pipe stays full. All other events change the result of the
 * run. A lost `partial` would make an incomplete result look complete, so a failed write throws.
 */
export class EventChannel {
  /** The rest of a partly written line, which must be written before anything else. */
  private unsent: Uint8Array = new Uint8Array(0);
  private readerGone = false;

  constructor(
    private readonly writeChunk: WriteChunk,
    private readonly pause: (milliseconds: number) => void = sleepSync,
  ) {}

  sendIfTaken(event: object): void {
    if (!this.readerGone) this.send(event, PATIENCE_MS.progress);
  }

  sendOrThrow(event: object): void {
    if (this.readerGone || !this.send(event, PATIENCE_MS.facts)) {
      throw new Error(
        `The reader of the events of this step is gone; this event was lost: ${JSON.stringify(event)}`,
      );
    }
  }

  private send(event: object, patience: number): boolean {
    const line = Buffer.from(`${JSON.stringify(event)}\n`, 'utf8');
    if (!this.drain(this.unsent, patience)) return false;
    return this.drain(line, patience, true);
  }

  /**
   * Returns true if all bytes were written. If not even the first byte of a new line was written, the line is
   * discarded.
   */
  private drain(bytes: Uint8Array, patience: number, fresh = false): boolean {
    let rest = bytes;
    let waited = 0;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(this.writeChunk(rest));
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'EPIPE' || code === 'EBADF') {
          this.readerGone = true;
          return false;
        }
        if (code !== 'EAGAIN' && code !== 'EINTR') throw error;
        if (waited >= patience) {
          this.unsent = fresh && rest.length === bytes.length ? new Uint8Array(0) : rest;
          return false;
        }
        this.pause(10);
        waited += 10;
      }
    }
    this.unsent = new Uint8Array(0);
    return true;
  }
}

/** Blocks the thread: writes are synchronous, so that no event is lost when the process ends. */
function sleepSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Returns a channel to the descriptor in `JOBATO_EVENTS_FD`, and null for a manual start. */
export function openEventChannel(env: NodeJS.ProcessEnv): EventChannel | null {
  const named = env.JOBATO_EVENTS_FD;
  if (named === undefined || named === '') return null;
  const descriptor = Number(named);
  if (!isHandedDown(descriptor)) {
    process.stderr.write(
      `JOBATO_EVENTS_FD names descriptor ${named}, which is not open; the report goes here instead.\n`,
    );
    return null;
  }
  return new EventChannel((chunk) => writeSync(descriptor, chunk));
}

/**
 * Returns true if the parent passed the descriptor. Otherwise Node may use the number internally, for something
 * that is neither a file nor a pipe.
 */
function isHandedDown(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket() || stat.isFile() || stat.isCharacterDevice();
  } catch {
    return false;
  }
}
