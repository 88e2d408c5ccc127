import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Response } from 'express';
import { levelOf } from '../logs/log-level';
import { LogTail } from '../logs/log-tail';
import { type OpenLine, sourceOf } from '../logs/open-lines';
import { plainText } from '../logs/plain-text';
import { isTerminal, type Run } from './run';
import { RunChanges } from './run-changes';
import { RunRepository } from './run.repository';
import { RunViewBuilder } from './run-view-builder';
import { ChangeNotifier } from './change-notifier';

/**
 * Interval of heartbeats. Proxies and browsers close silent connections. Clients may expect data at least every 15 s.
 */
const HEARTBEAT_MS = 10_000;

/** Server-sent event streams of runs: new log lines, every change of the run, and its end. */
@Injectable()
export class RunStreams implements OnModuleDestroy {
  private readonly open = new Set<() => void>();
  private stopping = false;

  constructor(
    private readonly tail: LogTail,
    private readonly changes: RunChanges,
    private readonly runs: RunRepository,
    private readonly views: RunViewBuilder,
  ) {}

  /** Number of open streams. */
  get count(): number {
    return this.open.size;
  }

  /** Ends all streams, because an open stream would block the shutdown. */
  onModuleDestroy(): void {
    this.stopping = true;
    for (const leave of this.open) leave();
  }

  /**
   * Sends log lines from `after` + 1, unfinished lines, and changes of the run until the run ends or the reader disconnects.
   * Back-pressure: it reads nothing more until the socket has drained.
   * @param lines `none` sends `grown` events with the last line number instead of the lines, for readers that fetch
   *   lines themselves. Its heartbeats are `beat` events. With `all` they are comments, which browsers hide from scripts.
   */
  async follow(
    response: Response,
    { runId, attempt: firstAttempt }: Run,
    after: number,
    lines: 'all' | 'none' = 'all',
  ): Promise<void> {
    begin(response);
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    const notifier = new ChangeNotifier();
    let gone = response.destroyed;
    const leave = () => {
      gone = true;
      notifier.wake();
    };
    let changed = true;
    let grownTo = after;
    const stopListening = [
      this.tail.onGrowth(runId, (lastSeq) => {
        grownTo = Math.max(grownTo, lastSeq);
        notifier.wake();
      }),
      this.tail.openLines.onChange(runId, () => notifier.wake()),
      this.changes.onChange(runId, () => {
        changed = true;
        notifier.wake();
      }),
    ];
    this.open.add(leave);
    response.on('close', leave);

    const send = async (data: string | Buffer) => {
      if (!gone && !response.write(data)) await drained(response);
    };
    const sendLines = async (seq: number) => {
      let chunk = await this.tail.readAfter(runId, seq);
      while (chunk && !gone) {
        await send(chunk.framesAfter(seq));
        seq = chunk.lastSeq;
        chunk = await this.tail.readAfter(runId, seq);
      }
      return seq;
    };
    // Notices cover only lines since the subscription, so the stored end is read at first and after quiet intervals.
    const sendGrowth = async (seq: number, readsStoredEnd: boolean) => {
      if (readsStoredEnd) grownTo = Math.max(grownTo, await this.tail.lastSeq(runId));
      if (grownTo > seq) await send(`id: ${grownTo}\nevent: grown\ndata: {"lastSeq":${grownTo}}\n\n`);
      return grownTo;
    };
    const sentOpen = new Map<string, OpenLine>();
    // Only the newest state: a slow reader misses the states in between.
    const sendOpen = async (seq: number, attempt: number) => {
      const open = this.tail.openLines.of(runId, attempt, seq);
      if (open === null) return; // the reader first gets the lines before it
      for (const event of openLineEvents(open, sentOpen)) await send(frameOf(event, lines));
    };
    try {
      let seq = after;
      let attempt = firstAttempt;
      let sentWaiting: string | null = null;
      let isQuiet = false;
      while (!gone) {
        // Read the run before the log: if the run has ended, the log that follows is complete.
        const hasChanged = changed;
        const run = hasChanged || isQuiet ? await this.runs.get(runId) : null;
        if (hasChanged) changed = false;
        if (run) attempt = run.attempt;
        seq = lines === 'all' ? await sendLines(seq) : await sendGrowth(seq, run !== null);
        if (!run || !isTerminal(run)) await sendOpen(seq, attempt);
        if (run) {
          const view = await this.views.one(run);
          // The reason why a run waits can change without a change of the run.
          const waiting = JSON.stringify(view.waiting);
          if (hasChanged || waiting !== sentWaiting)
            await send(`event: run\ndata: ${JSON.stringify(view)}\n\n`);
          sentWaiting = waiting;
          if (isTerminal(run)) {
            // Not `seq`: a reader may have passed an `after` beyond the last line.
            const lastSeq = await this.tail.lastSeq(runId);
            await send(`event: end\ndata: ${JSON.stringify({ status: run.status, lastSeq })}\n\n`);
            break;
          }
        }
        // A reader that connects during shutdown receives the stored lines and resumes after the restart.
        if (this.stopping) break;
        isQuiet = !(await notifier.wait(HEARTBEAT_MS));
        if (isQuiet) await send(lines === 'all' ? ': still here\n\n' : 'event: beat\ndata: {}\n\n');
      }
    } finally {
      for (const stop of stopListening) stop();
      this.open.delete(leave);
      response.end();
    }
  }
}

/** Returns the lines that differ from those that the reader has, and an empty one for each that there is no more. */
function openLineEvents(open: OpenLine[], sent: Map<string, OpenLine>): OpenLine[] {
  const events: OpenLine[] = [];
  const present = new Set(open.map(sourceOf));
  for (const [source, line] of sent) {
    if (present.has(source)) continue;
    sent.delete(source);
    events.push({ ...line, text: '' });
  }
  for (const line of open) {
    const source = sourceOf(line);
    if (sent.get(source)?.text === line.text) continue;
    sent.set(source, line);
    events.push(line);
  }
  return events;
}

/** Readers that fetch lines as HTML get the visible text and its level instead. */
function frameOf({ step, stream, text }: OpenLine, lines: 'all' | 'none'): string {
  const shown = plainText(text);
  const data =
    lines === 'all' ? { step, stream, text } : { step, stream, text: shown, level: levelOf(shown) };
  return `event: line\ndata: ${JSON.stringify(data)}\n\n`;
}

function begin(response: Response): void {
  response.status(200);
  response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  // A compressing gateway would buffer lines until its buffer is full.
  response.setHeader('Cache-Control', 'no-cache, no-transform');
  response.setHeader('X-Accel-Buffering', 'no');
  response.flushHeaders();
}

/** Resolves when the socket has drained or is closed. */
export function drained(response: Response): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}
