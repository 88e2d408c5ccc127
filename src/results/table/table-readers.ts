import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RawValue } from './cell';
import { ReaderProcess, type ReadRows } from './reader-process';
import type { ReadRequest } from './reader-program';
import { TableError } from './table-flaw';

export interface Statement {
  sql: string;
  parameters: (string | bigint)[];
}

export interface ReadLimits {
  rows: number;
  ms: number;
}

/** Of one answer; a row can be larger. */
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_WAITING = 500;
const MAX_STREAMS = 4;
/** Rows of one part of a stream. The first part waits until all rows are sorted. */
const STREAM_PART: ReadLimits = { rows: 1000, ms: 30_000 };
/** A process without work ends, and closes its files. */
const IDLE_MS = 60_000;
/** A statement that took too long is not tried again at once: each try stops all others for its whole time. */
const TOO_SLOW_MS = 10_000;

/** The processes that read results: one for all pages, and one more for each download. */
@Injectable()
export class TableReaders implements BeforeApplicationShutdown {
  private shared: ReaderProcess | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private idle: NodeJS.Timeout | null = null;
  private readonly streams = new Set<ReaderProcess>();
  private readonly tooSlow = new LRUCache<string, true>({ max: 500, ttl: TOO_SLOW_MS });
  private isStopping = false;

  /** Executes a statement after those that wait. @throws TableError */
  async query(file: string, statement: Statement, limits: ReadLimits): Promise<ReadRows> {
    if (this.waiting >= MAX_WAITING) throw new TableError({ code: 'too-busy' });
    this.waiting++;
    const done = this.last.then(() => this.execute(file, statement, limits));
    this.last = done.catch(() => undefined).finally(() => this.waiting--);
    return done;
  }

  /** Returns all rows in parts, as they are taken. The file stays open, also if it is deleted. @throws TableError */
  async *stream(file: string, statement: Statement): AsyncGenerator<RawValue[][]> {
    if (this.isStopping || this.streams.size >= MAX_STREAMS) throw new TableError({ code: 'too-busy' });
    const reader = new ReaderProcess();
    this.streams.add(reader);
    try {
      for (let from: string | null = file; ; from = null) {
        const { rows, isEnd } = await reader.read(requestOf(from, statement, STREAM_PART), STREAM_PART.ms);
        yield rows;
        if (isEnd) return;
      }
    } finally {
      reader.end();
      this.streams.delete(reader);
    }
  }

  /** Closes a file that is not live any more. */
  forget(file: string): void {
    this.shared?.forget(file);
  }

  beforeApplicationShutdown(): void {
    this.isStopping = true;
    this.endShared();
    for (const reader of this.streams) reader.end();
  }

  private async execute(file: string, statement: Statement, limits: ReadLimits): Promise<ReadRows> {
    if (this.isStopping) throw new TableError({ code: 'too-busy' });
    const key = `${file}\n${statement.sql}`;
    if (this.tooSlow.has(key)) throw new TableError({ code: 'too-slow' });
    if (this.idle) clearTimeout(this.idle);
    if (this.shared === null || this.shared.hasEnded) this.shared = new ReaderProcess();
    try {
      return await this.shared.read(requestOf(file, statement, limits), limits.ms);
    } catch (error) {
      if (error instanceof TableError && error.flaw.code === 'too-slow') this.tooSlow.set(key, true);
      throw error;
    } finally {
      this.idle = setTimeout(() => this.endShared(), IDLE_MS).unref();
    }
  }

  private endShared(): void {
    this.shared?.end();
    this.shared = null;
  }
}

function requestOf(
  file: string | null,
  { sql, parameters }: Statement,
  { rows }: ReadLimits,
): Omit<ReadRequest, 'id'> {
  return { file, sql, parameters, maxRows: rows, maxBytes: MAX_BYTES };
}
