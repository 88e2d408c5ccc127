import type * as Fs from 'node:fs';
import type * as Threads from 'node:worker_threads';
import type { Database, Statement } from 'better-sqlite3';
import type { RawValue } from './cell';

export interface ReadRequest {
  id: number;
  /** Real path of the file; null continues the statement of the request before. */
  file: string | null;
  sql: string;
  parameters: (string | bigint)[];
  /** How many rows, and about how many bytes, one answer has. At least one row is returned. */
  maxRows: number;
  maxBytes: number;
}

export type ReadAnswer =
  /** `isEnd`: there are no further rows. */
  { id: number; rows: RawValue[][]; isEnd: boolean } | { id: number; code: string; message: string };

/**
 * The program of the process that reads foreign files. It is sent as text, because tests run the TypeScript sources and
 * the server runs the built files: so it uses nothing from outside of this function.
 */
export function readerProgram(load: NodeJS.Require, sqlitePath: string): void {
  const { lstatSync, realpathSync } = load('node:fs') as typeof Fs;
  const { Worker } = load('node:worker_threads') as typeof Threads;
  const Sqlite = load(sqlitePath) as new (file: string, options: object) => Database;

  const MAX_FILES = 4;
  const MAX_STATEMENTS = 20;
  const PRAGMAS = [
    'trusted_schema = OFF',
    'query_only = ON',
    'cell_size_check = ON',
    // A search reads the whole table, so the table should fit.
    'cache_size = -32000',
    // For all files of this process.
    'hard_heap_limit = 268435456',
  ];
  interface OpenFile {
    database: Database;
    identity: string;
    statements: Map<string, Statement<unknown[], unknown[]>>;
  }
  const files = new Map<string, OpenFile>();
  let current: IterableIterator<unknown[]> | null = null;
  /** The next row of the current statement. */
  let next: IteratorResult<unknown[]>;

  // A statement without an end never returns to this thread, also after the server was killed.
  const parent = process.ppid;
  new Worker(`setInterval(() => process.ppid === ${parent} || process.kill(process.pid, 'SIGKILL'), 1000)`, {
    eval: true,
  }).unref();
  process.title = 'jobato-tables';
  process.on('disconnect', () => process.exit());

  const failure = (code: string) => Object.assign(new Error(code), { code });
  const fold = (text: unknown) => (typeof text === 'string' ? text.toLowerCase() : '');
  const identityOf = (file: string) => {
    const { dev, ino, size, mtimeNs, ...stats } = lstatSync(file, { bigint: true });
    if ((stats.mode & 0o170000n) !== 0o100000n) throw failure('NOT_A_FILE');
    return [dev, ino, size, mtimeNs].join(':');
  };
  const close = (file: string) => {
    files.get(file)?.database.close();
    files.delete(file);
  };
  const open = (file: string): OpenFile => {
    const identity = identityOf(file);
    const known = files.get(file);
    if (known?.identity === identity) {
      files.delete(file);
      files.set(file, known);
      return known;
    }
    close(file);
    if (realpathSync(file) !== file) throw failure('NOT_A_FILE');
    const database = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 0 });
    for (const pragma of PRAGMAS) database.pragma(pragma);
    database.defaultSafeIntegers(true);
    database.function('holds', { deterministic: true, directOnly: true }, (text: unknown, part: unknown) =>
      fold(text).includes(fold(part)) ? 1n : 0n,
    );
    const opened = { database, identity, statements: new Map() };
    files.set(file, opened);
    for (const oldest of [...files.keys()].slice(0, -MAX_FILES)) close(oldest);
    return opened;
  };
  const prepared = ({ database, statements }: OpenFile, sql: string) => {
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= MAX_STATEMENTS) statements.clear();
    const statement = database.prepare<unknown[], unknown[]>(sql).raw(true);
    statements.set(sql, statement);
    return statement;
  };
  const plain = (value: unknown): RawValue => {
    if (typeof value !== 'bigint') return value as RawValue;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  };
  const end = () => {
    current?.return?.();
    current = null;
  };
  const read = ({ id, file, sql, parameters, maxRows, maxBytes }: ReadRequest): ReadAnswer => {
    if (file !== null) {
      end();
      current = prepared(open(file), sql).iterate(...parameters);
      next = current.next();
    }
    const rows: RawValue[][] = [];
    for (let bytes = 0; !next.done && rows.length < maxRows && bytes < maxBytes; next = current!.next()) {
      const row = next.value.map(plain);
      for (const value of row) bytes += typeof value === 'string' ? value.length : 8;
      rows.push(row);
    }
    return { id, rows, isEnd: next.done === true };
  };

  process.on('message', (request: ReadRequest | { forget: string }) => {
    if ('forget' in request) {
      end();
      close(request.forget);
      return;
    }
    try {
      process.send!(read(request));
    } catch (error) {
      current = null;
      const { code = 'UNKNOWN', message } = error as Error & { code?: string };
      process.send!({ id: request.id, code, message });
    }
  });
  process.send!('ready');
}
