import { Injectable } from '@nestjs/common';
import { withoutSequences } from './control-sequences';
import { decodeLines } from './log-chunk';
import { LogRepository } from './log.repository';

/** Limits for the search. If a step wrote much output after its errors, they are only in its log. */
const MAX_CHUNKS = 40;
const MAX_CHARACTERS = 512 * 1024;
const MAX_LINE_LENGTH = 500;

/** Reads the last lines that a step wrote to stderr, from the end of the log. */
@Injectable()
export class ErrorLines {
  constructor(private readonly logs: LogRepository) {}

  /**
   * Returns lines oldest first, as plain text without colour codes and blank lines.
   * @param maxChunks how far back to look, in chunks of the log
   */
  async lastOf(runId: string, stepName: string, limit: number, maxChunks = MAX_CHUNKS): Promise<string[]> {
    const found: string[] = [];
    let before = Number.MAX_SAFE_INTEGER;
    let characters = 0;
    for (let read = 0; read < maxChunks && characters < MAX_CHARACTERS && found.length < limit; read++) {
      const chunk = await this.logs.chunkBefore(runId, before);
      if (!chunk) break;
      before = chunk.lastSeq;
      characters += chunk.lines.length;
      const texts = decodeLines(chunk.firstSeq, chunk.lines)
        .filter(({ stream, step }) => stream === 'stderr' && step === stepName)
        .map(({ text }) => withoutSequences(text).slice(0, MAX_LINE_LENGTH).trimEnd())
        .filter((text) => text !== '');
      found.unshift(...texts.slice(-(limit - found.length)));
    }
    return found;
  }
}
