import { type ChildProcess, spawn } from 'node:child_process';
import { type ReadAnswer, readerProgram, type ReadRequest } from './reader-program';
import { isCrash } from '../crash-signals';
import type { RawValue } from './cell';
import { TableError, type TableFlaw } from './table-flaw';

export interface ReadRows {
  rows: RawValue[][];
  isEnd: boolean;
}

const SOURCE = `(${readerProgram.toString()})(require, ${JSON.stringify(require.resolve('better-sqlite3'))})`;
/** JavaScript only has the rows of one answer. SQLite has its own limit. */
const FLAGS = ['--max-old-space-size=128'];
/** Not part of the time limits of queries: a busy machine can take long to start a program. */
const START_MS = 30_000;

/**
 * A process that reads foreign files with SQLite. A process and not a thread, because only the end of a process stops a
 * statement that never returns a row, and because a damaged file can crash SQLite. It gets no variables of the server.
 */
export class ReaderProcess {
  private readonly child: ChildProcess;
  private readonly ready: Promise<void>;
  private answered: ((answer: ReadAnswer | TableFlaw) => void) | null = null;
  private id = 0;
  hasEnded = false;

  constructor() {
    this.child = spawn(process.execPath, [...FLAGS, '-'], {
      env: {},
      stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    this.child.stdin!.on('error', () => undefined).end(SOURCE);
    this.ready = new Promise((isReady) => {
      this.child.on('message', (message: 'ready' | ReadAnswer) => {
        if (message === 'ready') isReady();
        else if (message.id === this.id) this.answered?.(message);
      });
      this.child.once('exit', () => isReady());
      this.child.on('error', () => {
        this.end();
        isReady();
      });
    });
    this.child.once('exit', (_code, signal) => {
      this.hasEnded = true;
      this.answered?.(isCrash(signal) ? { code: 'damaged-file' } : { code: 'too-busy' });
    });
  }

  /**
   * Executes a statement, or continues it. One at a time. A statement that takes longer than the limit ends the process.
   * @throws TableError
   */
  async read(request: Omit<ReadRequest, 'id'>, maxMs: number): Promise<ReadRows> {
    await this.within(this.ready, START_MS);
    if (this.hasEnded) throw new TableError({ code: 'too-busy' });
    const id = ++this.id;
    const answer = new Promise<ReadAnswer | TableFlaw>((resolve) => (this.answered = resolve));
    this.send({ ...request, id });
    const given = await this.within(answer, maxMs).finally(() => (this.answered = null));
    if ('rows' in given) return given;
    throw new TableError('message' in given ? flawOf(given) : given);
  }

  /** Closes a file that is not live any more. */
  forget(file: string): void {
    if (!this.hasEnded) this.send({ forget: file });
  }

  end(): void {
    this.hasEnded = true;
    this.child.kill('SIGKILL');
  }

  private send(message: object): void {
    this.child.send(message, () => undefined);
  }

  private async within<Value>(value: Promise<Value>, maxMs: number): Promise<Value> {
    let timer: NodeJS.Timeout;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.end();
        reject(new TableError({ code: 'too-slow' }));
      }, maxMs);
    });
    return Promise.race([value, late]).finally(() => clearTimeout(timer));
  }
}

const DAMAGED = /^SQLITE_(CORRUPT|NOTADB|IOERR|FORMAT)|^NOT_A_FILE$/;

function flawOf({ code, message }: { code: string; message: string }): TableFlaw {
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'SQLITE_CANTOPEN') return { code: 'missing-file' };
  return DAMAGED.test(code) ? { code: 'damaged-file' } : { code: 'query-failed', reason: message };
}
