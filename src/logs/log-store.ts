import { Inject, Injectable } from '@nestjs/common';
import { Clock, type Instant, toInstant } from '../clock/clock';
import type { Config } from '../config/config';
import { sizeLimitText } from '../config/size-text';
import { CONFIG } from '../config/config.module';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import type { LogLineInput } from '../events/run-event';
import { decodeLines, encodeLines, LogChunk } from './log-chunk';
import { cutLine, type LogLine } from './log-line';
import type { LogChunkEntity, LogEndEntity } from './log.entities';
import { LogRepository, type ReadLimit } from './log.repository';
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
  /** The log has reached its limit, or its run was deleted, so the sender may stop sending. */
  limitReached: boolean;
  /** Number of lines of this append that were stored. */
  storedLines: number;
  /** The number of the last line of the log; 0 if there is none. */
  lastSeq: number;
}

/** A row is read and parsed completely. These limits keep it fast to read, yet large enough to be efficient. */
const MAX_LINES_PER_CHUNK = 2000;
const MAX_TEXT_PER_CHUNK = 256 * 1024;
const READ_LIMIT: ReadLimit = { rows: 100, bytes: MAX_TEXT_PER_CHUNK };

/** Stores logs. Numbers the lines, drops duplicates and open lines, and applies the limits. */
@Injectable()
export class LogStore {
  /** For the metrics: reads from the database. */
  reads = 0;

  constructor(
    private readonly database: Database,
    private readonly logs: LogRepository,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Returns one chunk of lines after `seq`; null if there are none yet. Numbers have no gaps and no row has more lines
   * than a chunk, so the next line is always included.
   */
  async readAfter(runId: string, seq: number): Promise<LogChunk | null> {
    this.reads++;
    return chunkOf(await this.logs.chunksFrom(runId, seq, seq + MAX_LINES_PER_CHUNK, READ_LIMIT));
  }

  /** Returns one chunk that contains line `seq`, which must exist. It may contain some later lines. */
  async readTo(runId: string, seq: number): Promise<LogChunk | null> {
    this.reads++;
    return chunkOf(await this.logs.chunksTo(runId, seq, seq - MAX_LINES_PER_CHUNK, READ_LIMIT));
  }

  async lastSeq(runId: string): Promise<number> {
    return (await this.logs.end(runId))?.lastSeq ?? 0;
  }

  /** Returns the answer to an append that stores nothing. */
  async appendNothing(runId: string): Promise<LogAppended> {
    const end = await this.logs.end(runId);
    const { lastSeq = 0, limitReached = 0 } = end ?? {};
    return { chunks: [], limitReached: limitReached === 1, storedLines: 0, lastSeq };
  }

  /** Returns the starts of steps, in order of their lines. */
  async stepStarts(runId: string): Promise<StepStart[]> {
    return (await this.logs.end(runId))?.stepStarts ?? [];
  }

  /** Appends lines within another transaction, so that an event and its lines are applied together. */
  readonly appendInTransaction = async (tx: Transaction, appends: LogAppend[]): Promise<LogAppended[]> => {
    const runIds = [...new Set(appends.map(({ runId }) => runId))];
    const ends = await this.logs.loadEnds(tx, runIds);
    // Deleting a run deletes the end of its log first, so only a log without an end can belong to a deleted run.
    const deleted = await this.logs.deletedAmong(
      tx,
      runIds.filter((runId) => !ends.has(runId)),
    );
    const added = new Map<string, LogLine[]>();
    const storedLines = appends.map((append) => {
      if (deleted.has(append.runId)) return 0;
      const end = ends.get(append.runId) ?? newEnd(append.runId);
      ends.set(append.runId, end);
      const lines = added.get(append.runId) ?? [];
      added.set(append.runId, lines);
      const before = lines.length;
      this.addLines(end, append, lines);
      return lines.length - before;
    });

    const chunks = new Map([...added].map(([runId, lines]) => [runId, intoChunks(lines)]));
    await this.logs.insertChunks(
      tx,
      [...chunks].flatMap(([runId, list]) =>
        list.map(({ firstSeq, lastSeq, lines }) => ({ runId, firstSeq, lastSeq, lines: encodeLines(lines) })),
      ),
    );
    await this.logs.storeEnds(tx, [...ends.values()]);

    return appends.map(({ runId }, index) => {
      const list = chunks.get(runId) ?? [];
      chunks.delete(runId); // only the first append of a run returns the chunks of all appends in this statement
      return {
        chunks: list,
        limitReached: deleted.has(runId) || ends.get(runId)!.limitReached === 1,
        storedLines: storedLines[index]!,
        lastSeq: ends.get(runId)?.lastSeq ?? 0,
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
    for (const { n, at, stream, step, stepAttempt = 1, open, text: whole } of lines) {
      if (open) continue;
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
        line.stream = 'system';
        line.text = `The log has reached its limit of ${sizeLimitText(this.config.logLimitBytes)} (LOG_LIMIT_MB). Further lines are dropped; the step continues.`;
      }
      const seq = ++end.lastSeq;
      into.push({ seq, ...line });
      if (line.step !== null && end.stepStarts) {
        const further = stepAttempt > 1 ? { stepAttempt } : {};
        addStepStart(end.stepStarts, { attempt, step: line.step, ...further, seq });
      }
    }
  }
}

function chunkOf(rows: LogChunkEntity[]): LogChunk | null {
  const lines = rows.flatMap(({ firstSeq, lines: stored }) => decodeLines(firstSeq, stored));
  return lines.length === 0 ? null : new LogChunk(lines);
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
