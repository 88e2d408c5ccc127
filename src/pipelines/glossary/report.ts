import { fstatSync, writeSync } from 'node:fs';

export interface Metrics {
  documentsCount?: number;
  termsCount?: number;
  issuesCount?: number;
}

/** What a step says about itself while it works. */
export interface Report {
  /** A line for whoever reads along: stdout, which is the run's log under Jobato. */
  say(message: string): void;
  /** Something that went wrong without ending the step: stderr. */
  warn(message: string): void;
  progress(current: number, total: number, message: string): void;
  metrics(metrics: Metrics): void;
  partial(reason: string): void;
  error(code: string, message: string): void;
  artifact(path: string): void;
}

/** Writes what it can of a chunk and answers how many bytes that was, as `fs.writeSync` does. */
export type WriteChunk = (chunk: Uint8Array) => number;

/** How long a full pipe may stay full before an event is given up. */
const PATIENCE_MS = { progress: 2_000, facts: 30_000 };

/**
 * One JSON object a line on the descriptor that Jobato reads.
 *
 * Progress is worth nothing a moment later, so it is dropped when nobody takes it. All else changes what the
 * run is: a `partial` that does not arrive would turn a result with holes green, so it throws instead.
 */
export class EventChannel {
  /** The rest of a line that was half written when the pipe filled up: it must go out before anything else. */
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
        `Nobody reads the events of this step any more; this one was lost: ${JSON.stringify(event)}`,
      );
    }
  }

  private send(event: object, patience: number): boolean {
    const line = Buffer.from(`${JSON.stringify(event)}\n`, 'utf8');
    if (!this.drain(this.unsent, patience)) return false;
    return this.drain(line, patience, true);
  }

  /** True when all of it went out. Of a line that could not even begin, nothing is kept. */
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

/** Blocks for a moment: the writes are synchronous, so that no event is lost when the process ends. */
function sleepSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Under Jobato: progress and facts as events, the log in words. */
class EventReport implements Report {
  constructor(private readonly events: EventChannel) {}

  say(message: string): void {
    process.stdout.write(`${message}\n`);
  }
  warn(message: string): void {
    process.stderr.write(`${message}\n`);
  }
  progress(current: number, total: number, message: string): void {
    this.events.sendIfTaken({ progress: { current, total, message } });
  }
  metrics(metrics: Metrics): void {
    this.events.sendOrThrow({ metrics });
  }
  partial(reason: string): void {
    this.events.sendOrThrow({ partial: { reason } });
  }
  error(code: string, message: string): void {
    process.stderr.write(`${message}\n`);
    // The step fails by its exit code anyway; a lost error event only costs the run its better message.
    this.events.sendIfTaken({ error: { code, message } });
  }
  artifact(path: string): void {
    this.events.sendOrThrow({ artifact: { path } });
  }
}

/** By hand: all of it in words, and of a long loop about twenty lines. */
class TerminalReport implements Report {
  say(message: string): void {
    process.stdout.write(`${message}\n`);
  }
  warn(message: string): void {
    process.stderr.write(`${message}\n`);
  }
  progress(current: number, total: number, message: string): void {
    const stride = Math.ceil(total / 20);
    if (current % stride === 0 || current === total) this.say(`  [${current}/${total}] ${message}`);
  }
  metrics(): void {}
  partial(reason: string): void {
    this.warn(`Partial result: ${reason}`);
  }
  error(_code: string, message: string): void {
    this.warn(message);
  }
  artifact(): void {}
}

/** The report that fits: events where `JOBATO_EVENTS_FD` names an open descriptor, words otherwise. */
export function openReport(env: NodeJS.ProcessEnv): Report {
  const named = env.JOBATO_EVENTS_FD;
  if (named === undefined || named === '') return new TerminalReport();
  const descriptor = Number(named);
  if (!isHandedDown(descriptor)) {
    process.stderr.write(
      `JOBATO_EVENTS_FD names descriptor ${named}, which is not open; telling it here instead.\n`,
    );
    return new TerminalReport();
  }
  return new EventReport(new EventChannel((chunk) => writeSync(descriptor, chunk)));
}

/** Where nobody handed down a descriptor 3, Node uses that number for something of its own, which is no file. */
function isHandedDown(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket() || stat.isFile() || stat.isCharacterDevice();
  } catch {
    return false;
  }
}
