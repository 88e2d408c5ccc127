import { Controller, Get, Headers, Param, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiLog, LogPageView } from './run-log.view';
import type { LogLine } from '../logs/log-line';
import { LogTail } from '../logs/log-tail';
import { logText } from '../logs/log-text';
import { ApiProblems } from '../http/problem-responses';
import { invalid } from '../http/problem-catalogue';
import { beginRanged, sliceBytes } from '../http/byte-range';
import { assertLogKept } from './removed-parts';
import { isTerminal, type Run } from './run';
import { RunPipe, runPaths } from './run.pipe';
import { drained, RunStreams } from './run-streams';
import { LogQuery } from './runs.dto';

/** Limit of a JSON page, in characters of text. The page ends with the chunk that exceeds it. */
const MAX_PAGE_LENGTH = 4 * 1024 * 1024;

@ApiTags('runs')
@Controller('api')
export class RunLogsController {
  constructor(
    private readonly tail: LogTail,
    private readonly streams: RunStreams,
  ) {}

  @Get(runPaths('logs'))
  @ApiLog('getRunLog')
  @ApiProblems('RUN_NOT_FOUND', 'LOG_REMOVED', 'RANGE_NOT_SATISFIABLE')
  async log(
    @Param(RunPipe) run: Run,
    @Query() query: LogQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    assertLogKept(run);
    switch (request.accepts(['text/plain', 'text/event-stream', 'application/json'])) {
      case 'text/event-stream':
        return this.streams.follow(response, run, resumeAfter(query, lastEventId), query.lines);
      case 'application/json':
        response.json(await this.page(run, query));
        return;
      default:
        return this.sendText(run, query.after, request, response);
    }
  }

  private async page(run: Run, { after, limit }: LogQuery): Promise<LogPageView> {
    const items: LogLine[] = [];
    let seq = after;
    let length = 0;
    // Read one more line than requested, to find out whether there is a next page.
    while (items.length <= limit && length <= MAX_PAGE_LENGTH) {
      const chunk = await this.tail.readAfter(run.runId, seq);
      if (!chunk) break;
      const lines = chunk.after(seq).slice(0, limit + 1 - items.length);
      for (const { text } of lines) length += text.length;
      items.push(...lines);
      seq = chunk.lastSeq;
    }
    const hasMore = items.length > limit || length > MAX_PAGE_LENGTH;
    const page = items.slice(0, limit);
    return { items: page, nextAfter: hasMore ? page.at(-1)!.seq : null };
  }

  private async sendText(run: Run, after: number, request: Request, response: Response): Promise<void> {
    const lastSeq = await this.tail.lastSeq(run.runId);
    const text = () => logText(this.tail, run.runId, after, lastSeq);
    // Logs are append-only, so these numbers identify the text.
    const etag = `"${run.runId}-${after}-${Math.max(after, lastSeq)}"`;
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.setHeader('Cache-Control', 'private, no-store, no-transform');
    response.setHeader('X-Accel-Buffering', 'no');
    if (request.headers.range === undefined && request.method !== 'HEAD') {
      const open = isTerminal(run) ? [] : (this.tail.openLines.of(run.runId, run.attempt, lastSeq) ?? []);
      if (open.length === 0) {
        response.setHeader('Accept-Ranges', 'bytes');
        response.setHeader('ETag', etag);
      }
      await send(withEnd(text(), open.map((line) => line.text).join('\n')), response);
      return;
    }
    // The size is not stored, and counting takes as long as sending. Only requests that need the size wait for it.
    const range = beginRanged(request, response, { size: await bytesOf(text()), etag });
    if (range) await send(sliceBytes(text(), range), response);
  }
}

/** Adds the lines that programs have not finished. They change, so no `ETag` identifies such a text. */
async function* withEnd(pieces: AsyncIterable<Buffer>, end: string): AsyncGenerator<Buffer> {
  yield* pieces;
  if (end !== '') yield Buffer.from(end);
}

async function bytesOf(pieces: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const piece of pieces) bytes += piece.length;
  return bytes;
}

async function send(pieces: AsyncIterable<Buffer>, response: Response): Promise<void> {
  for await (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}

/**
 * Returns the line to resume after. A reconnecting browser repeats its original URL, so its `Last-Event-ID` is newer
 * than `after`.
 */
function resumeAfter({ after }: LogQuery, lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId === '') return after;
  const seq = Number(lastEventId);
  if (Number.isSafeInteger(seq) && seq >= 0) return seq;
  throw invalid([{ field: 'Last-Event-ID', message: 'must be the id of a line in this log' }]);
}
