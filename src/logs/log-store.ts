import { Inject, Injectable } from '@nestjs/common';
import { Clock, type Instant, toInstant } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import type { LogLineInput } from '../events/run-event';
import { decodeLines, encodeLines, LogChunk } from './log-chunk';
import { cutLine, type LogLine } from './log-line';
import { LogChunkEntity, LogEndEntity } from './log.entities';
import { addNumber } from './seen-numbers';
import { addStepStart, type StepStart } from './step-starts';
import { StoredSize } from './stored-size';

export interface LogAppend {
  runId: string;
  attempt: number;
  lines: LogLineInput[];
  /** Bytes stored in addition to these lines, which count towards the log's limit. */
  rowBytes?: number;
  /** Computes when a line was written, from the sender's time and the time of arrival. Default: the sender's time. */
  timeOf?: (at: Instant, now: Instant) => Instant;
}

export interface LogAppended {
  /** Chunks stored by this append and the appends that shared its statement. */
  chunks: LogChunk[];
  /** The log has reached its limit, so the sender may stop sending. */
  limitReached: boolean;
  /** Number of lines of this append that were stored. */
  storedLines: number;
}

/** A row is read and parsed completely. These limits keep it fast to read, yet large enough to be efficient. */
const MAX_LINES_PER_CHUNK = 2000;
const MAX_TEXT_PER_CHUNK = 256 * 1024;
const ROWS_PER_READ = 100;

type Direction = 'ASC' | 'DESC';

/** Stores logs. Numbers the lines, drops duplicates, and applies the limits. */
@Injectable()
export class LogStore {
  private readonly chunkRows: TableRows<LogChunkEntity>;
  private readonly endRows: TableRows<LogEndEntity>;
  /** For the metrics: reads from the database. */
  reads = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.chunkRows = database.rows(LogChunkEntity);
    this.endRows = database.rows(LogEndEntity);
  }

  /**
   * Returns one chunk of lines after `seq`; null if there are none yet. Numbers have no gaps and no row has more lines
   * than a chunk, so the next line is always included.
   */
  readAfter(runId: string, seq: number): Promise<LogChunk | null> {
    return this.readChunk('ASC', runId, 'last_seq > ? AND last_seq <= ?', [seq, seq + MAX_LINES_PER_CHUNK]);
  }

  /** Returns one chunk that contains line `seq`, which must exist. It may contain some later lines. */
  readTo(runId: string, seq: number): Promise<LogChunk | null> {
    return this.readChunk(
      'DESC',
      runId,
      `last_seq > ? AND last_seq <= (SELECT MIN(last_seq) FROM ${this.chunkRows.table} WHERE run_id = ? AND last_seq >= ?)`,
      [seq - MAX_LINES_PER_CHUNK, runId, seq],
    );
  }

  /**
   * Selects rows by their size first, which SQLite returns without reading them. One row may be as large as all
   * others together.
   */
  private async readChunk(
    direction: Direction,
    runId: string,
    where: string,
    parameters: (string | number)[],
  ): Promise<LogChunk | null> {
    this.reads++;
    const near =
      `SELECT last_seq, OCTET_LENGTH(lines) AS size FROM ${this.chunkRows.table}` +
      ` WHERE run_id = ? AND ${where} ORDER BY last_seq ${direction} LIMIT ${ROWS_PER_READ}`;
    const weighed = `SELECT last_seq, SUM(size) OVER (ORDER BY last_seq ${direction}) - size AS before FROM (${near}) AS near`;
    const rows = await this.chunkRows.select(
      this.database.read,
      `WHERE run_id = ? AND last_seq IN (SELECT last_seq FROM (${weighed}) AS weighed WHERE before < ?) ORDER BY last_seq`,
      [runId, runId, ...parameters, MAX_TEXT_PER_CHUNK],
    );
    const lines = rows.flatMap(({ firstSeq, lines: stored }) => decodeLines(firstSeq, stored));
    return lines.length === 0 ? null : new LogChunk(lines);
  }

  async lastSeq(runId: string): Promise<number> {
    const [end] = await this.endRows.select(this.database.read, 'WHERE run_id = ?', [runId]);
    return end?.lastSeq ?? 0;
  }

  /** Returns the starts of steps, in order of their lines. */
  async stepStarts(runId: string): Promise<StepStart[]> {
    const [end] = await this.endRows.select(this.database.read, 'WHERE run_id = ?', [runId]);
    return end?.stepStarts ?? [];
  }

  /** Appends lines within another transaction, so that an event and its lines are applied together. */
  readonly appendInTransaction = async (tx: Transaction, appends: LogAppend[]): Promise<LogAppended[]> => {
    const runIds = [...new Set(appends.map(({ runId }) => runId))];
    const ends = new Map(
      (await this.endRows.select(tx, `WHERE run_id IN ${inList(runIds)}`, runIds)).map((end) => [
        end.runId,
        end,
      ]),
    );
    const added = new Map<string, LogLine[]>();
    const storedLines = appends.map((append) => {
      const end = ends.get(append.runId) ?? newEnd(append.runId);
      ends.set(append.runId, end);
      const lines = added.get(append.runId) ?? [];
      added.set(append.runId, lines);
      const before = lines.length;
      this.addLines(end, append, lines);
      return lines.length - before;
    });

    const chunks = new Map([...added].map(([runId, lines]) => [runId, intoChunks(lines)]));
    await this.chunkRows.insert(
      tx,
      [...chunks].flatMap(([runId, list]) =>
        list.map(({ firstSeq, lastSeq, lines }) => ({ runId, firstSeq, lastSeq, lines: encodeLines(lines) })),
      ),
    );
    await this.storeEnds(tx, [...ends.values()]);

    return appends.map(({ runId }, index) => {
      const list = chunks.get(runId) ?? [];
      chunks.delete(runId); // only the first append of a run returns the chunks of all appends in this statement
      return {
        chunks: list,
        limitReached: ends.get(runId)!.limitReached === 1,
        storedLines: storedLines[index]!,
      };
    });
  };

  /** Appends lines in a transaction of their own. */
  readonly append = this.database.command(this.appendInTransaction);

  private addLines(
    end: LogEndEntity,
    { attempt, lines, rowBytes = 0, timeOf }: LogAppend,
    into: LogLine[],
  ): void {
    // Drops the numbers of earlier attempts, whose lines are no longer accepted.
    const seen = end.seenNumbers[attempt] ?? [];
    end.seenNumbers = { [attempt]: seen };
    const size = new StoredSize(rowBytes);
    const now = this.clock.now();
    const instantOf = instantReader(now, timeOf ?? ((at) => at));
    for (const { n, at, stream, step, text: whole } of lines) {
      if (n !== undefined && !addNumber(seen, n)) continue;
      if (end.limitReached === 1) continue;
      const text = cutLine(whole);
      end.bytes += size.ofLine(step ?? null, text);
      const line: Omit<LogLine, 'seq'> = {
        at: instantOf(at),
        stream: stream ?? 'stdout',
        step: step ?? null,
        text,
      };
      if (end.bytes > this.config.logLimitBytes) {
        end.limitReached = 1;
        const limitMegabytes = Math.round(this.config.logLimitBytes / 1024 / 1024);
        line.stream = 'system';
        line.text = `The log has reached its limit of ${limitMegabytes} MB (LOG_LIMIT_MB). Further lines are dropped; the step continues.`;
      }
      const seq = ++end.lastSeq;
      into.push({ seq, ...line });
      if (line.step !== null && end.stepStarts)
        addStepStart(end.stepStarts, { attempt, step: line.step, seq });
    }
  }

  private async storeEnds(tx: Transaction, ends: LogEndEntity[]): Promise<void> {
    for (const { runId, lastSeq, bytes, limitReached, seenNumbers, stepStarts } of ends) {
      await tx.query(
        'INSERT INTO log_ends (run_id, last_seq, bytes, limit_reached, seen_numbers, step_starts) VALUES (?, ?, ?, ?, ?, ?)' +
          ' ON CONFLICT (run_id) DO UPDATE SET last_seq = excluded.last_seq, bytes = excluded.bytes,' +
          ' limit_reached = excluded.limit_reached, seen_numbers = excluded.seen_numbers,' +
          ' step_starts = excluded.step_starts',
        [
          runId,
          lastSeq,
          bytes,
          limitReached,
          JSON.stringify(seenNumbers),
          stepStarts && JSON.stringify(stepStarts),
        ],
      );
    }
  }
}

function newEnd(runId: string): LogEndEntity {
  return { runId, lastSeq: 0, bytes: 0, limitReached: 0, seenNumbers: {}, stepStarts: [] };
}

function intoChunks(lines: LogLine[]): LogChunk[] {
  const chunks: LogChunk[] = [];
  let current: LogLine[] = [];
  let textLength = 0;
  for (const line of lines) {
    if (
      current.length >= MAX_LINES_PER_CHUNK ||
      (current.length > 0 && textLength + line.text.length > MAX_TEXT_PER_CHUNK)
    ) {
      chunks.push(new LogChunk(current));
      [current, textLength] = [[], 0];
    }
    current.push(line);
    textLength += line.text.length;
  }
  if (current.length > 0) chunks.push(new LogChunk(current));
  return chunks;
}

/**
 * Returns a function that normalizes times; an invalid time becomes `now`. Caches the last time, because lines of one
 * read share it.
 */
function instantReader(
  now: Instant,
  timeOf: NonNullable<LogAppend['timeOf']>,
): (at: string | undefined) => Instant {
  let last: string | undefined;
  let instant = now;
  return (at) => {
    if (at === last) return instant;
    const ms = at === undefined ? Number.NaN : Date.parse(at);
    last = at;
    instant = Number.isNaN(ms) ? now : timeOf(toInstant(ms), now);
    return instant;
  };
}
