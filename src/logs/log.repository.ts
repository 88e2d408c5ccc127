import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { LogChunkEntity, LogEndEntity } from './log.entities';

/** A limit on the text that one read returns. */
export interface ReadLimit {
  rows: number;
  bytes: number;
}

/** The stored chunks of logs, and for each log its end. */
@Injectable()
export class LogRepository {
  private readonly chunks: TableRows<LogChunkEntity>;
  private readonly ends: TableRows<LogEndEntity>;

  constructor(private readonly database: Database) {
    this.chunks = database.rows(LogChunkEntity);
    this.ends = database.rows(LogEndEntity);
  }

  /** Returns the chunks with a last line in this range, in order. The limit leaves out chunks at the end. */
  chunksFrom(runId: string, after: number, upTo: number, limit: ReadLimit): Promise<LogChunkEntity[]> {
    return this.nearest('ASC', runId, 'last_seq > ? AND last_seq <= ?', [after, upTo], limit);
  }

  /** Returns chunks up to the one with line `seq`, in order. The limit leaves out chunks at the beginning. */
  chunksTo(runId: string, seq: number, after: number, limit: ReadLimit): Promise<LogChunkEntity[]> {
    const chunkOfSeq = `SELECT MIN(last_seq) FROM ${this.chunks.table} WHERE run_id = ? AND last_seq >= ?`;
    const where = `last_seq > ? AND last_seq <= (${chunkOfSeq})`;
    return this.nearest('DESC', runId, where, [after, runId, seq], limit);
  }

  /** Returns the last chunk that ends before a line. */
  async chunkBefore(runId: string, seq: number): Promise<LogChunkEntity | null> {
    const where = 'WHERE run_id = ? AND last_seq < ? ORDER BY last_seq DESC LIMIT 1';
    const [chunk] = await this.chunks.select(this.database.read, where, [runId, seq]);
    return chunk ?? null;
  }

  async end(runId: string): Promise<LogEndEntity | null> {
    const [end] = await this.ends.select(this.database.read, 'WHERE run_id = ?', [runId]);
    return end ?? null;
  }

  async loadEnds(tx: Transaction, runIds: string[]): Promise<Map<string, LogEndEntity>> {
    const ends = await this.ends.select(tx, `WHERE run_id IN ${inList(runIds)}`, runIds);
    return new Map(ends.map((end) => [end.runId, end]));
  }

  /** Returns those of the runs that were deleted. Their logs take no more lines. */
  async deletedAmong(tx: Transaction, runIds: string[]): Promise<Set<string>> {
    if (runIds.length === 0) return new Set();
    const rows = await tx.query<{ run_id: string }>(
      `SELECT run_id FROM deleted_runs WHERE run_id IN ${inList(runIds)}`,
      runIds,
    );
    return new Set(rows.map(({ run_id }) => run_id));
  }

  async insertChunks(tx: Transaction, chunks: LogChunkEntity[]): Promise<void> {
    await this.chunks.insert(tx, chunks);
  }

  async storeEnds(tx: Transaction, ends: LogEndEntity[]): Promise<void> {
    await tx.each(
      'INSERT INTO log_ends (run_id, last_seq, bytes, limit_reached, seen_numbers, step_starts) VALUES (?, ?, ?, ?, ?, ?)' +
        ' ON CONFLICT (run_id) DO UPDATE SET last_seq = excluded.last_seq, bytes = excluded.bytes,' +
        ' limit_reached = excluded.limit_reached, seen_numbers = excluded.seen_numbers,' +
        ' step_starts = excluded.step_starts',
      ends.map(({ runId, lastSeq, bytes, limitReached, seenNumbers, stepStarts }) => [
        runId,
        lastSeq,
        bytes,
        limitReached,
        JSON.stringify(seenNumbers),
        stepStarts && JSON.stringify(stepStarts),
      ]),
    );
  }

  /**
   * Selects rows by their size first, which SQLite returns without reading them. One row may be as large as all
   * others together.
   */
  private nearest(
    direction: 'ASC' | 'DESC',
    runId: string,
    where: string,
    parameters: (string | number)[],
    limit: ReadLimit,
  ): Promise<LogChunkEntity[]> {
    const near =
      `SELECT last_seq, OCTET_LENGTH(lines) AS size FROM ${this.chunks.table}` +
      ` WHERE run_id = ? AND ${where} ORDER BY last_seq ${direction} LIMIT ${limit.rows}`;
    const weighed = `SELECT last_seq, SUM(size) OVER (ORDER BY last_seq ${direction}) - size AS before FROM (${near}) AS near`;
    return this.chunks.select(
      this.database.read,
      `WHERE run_id = ? AND last_seq IN (SELECT last_seq FROM (${weighed}) AS weighed WHERE before < ?) ORDER BY last_seq`,
      [runId, runId, ...parameters, limit.bytes],
    );
  }
}
