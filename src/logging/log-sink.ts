import { constants, fstatSync, openSync, write } from 'node:fs';
import { isatty } from 'node:tty';

export interface WriteResult {
  /** Bytes. */
  written: number;
  /** Why some bytes were not written; null if all were. */
  error: string | null;
}

/** The destination of a log. Only one write at a time. A write never rejects, but may never resolve. */
export interface LogSink {
  write(bytes: Buffer): Promise<WriteResult>;
}

const STDOUT = 1;
/** For a paused terminal (Ctrl-S), or a full queue of the system. */
const RETRY_AFTER_MS = 100;

/** Returns standard output of any kind, written without blocking the event loop. */
export function standardOutput(): LogSink {
  const stat = fstatSync(STDOUT);
  return stat.isFIFO() || stat.isSocket()
    ? streamSink(process.stdout)
    : fileSink(isatty(STDOUT) ? openTerminal() : STDOUT);
}

/**
 * For pipes: Node makes them non-blocking and waits for the reader on the event loop. A write in the thread pool would
 * block a thread while the reader does not read. The process could then not exit, because that waits for threads.
 */
export function streamSink(stream: NodeJS.WritableStream): LogSink {
  stream.on('error', () => undefined); // the failed write reports the error
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        stream.write(bytes, (error) =>
          resolve(error ? { written: 0, error: codeOf(error) } : { written: bytes.length, error: null }),
        );
      }),
  };
}

/** For files and devices: if the disk is full, a later write may succeed. */
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

/** Reopens the terminal as non-blocking, without changing it for the shell that shares it. */
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
