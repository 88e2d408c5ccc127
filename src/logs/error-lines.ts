import { stripVTControlCharacters } from 'node:util';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import type { TableRows } from '../database/table-rows';
import { decodeLines } from './log-chunk';
import { LogChunkEntity } from './log.entities';

/** No more is read to find them: a step that talked on for long after its errors keeps them to its log. */
const MAX_CHUNKS = 40;
const MAX_CHARACTERS = 512 * 1024;
const MAX_LINE_LENGTH = 500;

/** What a step said last on its error output, read from the end of the log. */
@Injectable()
export class ErrorLines {
  private readonly chunks: TableRows<LogChunkEntity>;

  constructor(private readonly database: Database) {
    this.chunks = database.rows(LogChunkEntity);
  }

  /** Oldest first, as plain text: without colours, and without lines that show nothing. */
  async lastOf(runId: string, stepName: string, limit: number): Promise<string[]> {
    const found: string[] = [];
    let before = Number.MAX_SAFE_INTEGER;
    let characters = 0;
    for (let read = 0; read < MAX_CHUNKS && characters < MAX_CHARACTERS && found.length < limit; read++) {
      const [chunk] = await this.chunks.select(
        this.database.read,
        'WHERE run_id = ? AND last_seq < ? ORDER BY last_seq DESC LIMIT 1',
        [runId, before],
      );
      if (!chunk) break;
      before = chunk.lastSeq;
      characters += chunk.lines.length;
      const texts = decodeLines(chunk.firstSeq, chunk.lines)
        .filter(({ stream, step }) => stream === 'stderr' && step === stepName)
        .map(({ text }) => stripVTControlCharacters(text).slice(0, MAX_LINE_LENGTH).trimEnd())
        .filter((text) => text !== '');
      found.unshift(...texts.slice(-(limit - found.length)));
    }
    return found;
  }
}
