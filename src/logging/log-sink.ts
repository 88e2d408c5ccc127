import { constants, fstatSync, openSync, write } from 'node:fs';
import { isatty } from 'node:tty';

export interface WriteResult {
  /** Bytes. */
  written: number;
  /** Why not all of it was written; null where it was. */
  error: string | null;
}

/** Where a log goes. One write at a time; a write never rejects, but may take for ever. */
export interface LogSink {
  write(bytes: Buffer): Promise<WriteResult>;
}

const STDOUT = 1;
/** A terminal that was told to hold (Ctrl-S), or a queue of the system that is full. */
const RETRY_AFTER_MS = 100;

/** The standard output of this process of any kind, written without blocking the event loop. */
export function standardOutput(): LogSink {
  const stat = fstatSync(STDOUT);
  return stat.isFIFO() || stat.isSocket()
    ? streamSink(process.stdout)
    : fileSink(isatty(STDOUT) ? openTerminal() : STDOUT);
}

/**
 * For pipes: Node makes them non-blocking and waits for the reader on the event loop. A write in the thread pool would
 * hold a thread for as long as the reader stands still, and with it the exit of the process, which waits for threads.
 */
export function streamSink(stream: NodeJS.WritableStream): LogSink {
  stream.on('error', () => undefined); // the write that failed has it
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        stream.write(bytes, (error) =>
          resolve(error ? { written: 0, error: codeOf(error) } : { written: bytes.length, error: null }),
        );
      }),
  };
}

/** For files and devices: a disk that is full now may have room for the next write. */
export function fileSink(fd: number): LogSink {
  return { write: (bytes) => writeWhole(fd, bytes) };
}

async function writeWhole(fd: number, bytes: Buffer): Promise<WriteResult> {
  let written = 0;
  while (written < bytes.length) {
    const part = await new Promise<number | NodeJS.ErrnoException>((resolve) =>
      write(fd, bytes, written, bytes.length - written, null, (error, count) => resolve(error ?? count)),
    );
    if (typeof part === 'number') written += part;
    else if (part.code === 'EAGAIN')
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS).unref());
    else return { written, error: codeOf(part) };
  }
  return { written, error: null };
}

/** Opened again as non-blocking, which does not change it for the shell that shares it. */
function openTerminal(): number {
  try {
    return openSync('/dev/stdout', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return STDOUT;
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
