import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Response } from 'express';
import { LogTail } from '../logs/log-tail';
import { isTerminal, type Run } from './run';
import { RunChanges } from './run-changes';
import { RunQueries } from './run-queries';
import { RunViews } from './run-views';
import { Waker } from './waker';

/** Proxies and browsers give up on a connection that says nothing; 15 s are promised. */
const HEARTBEAT_MS = 10_000;

/** Follows runs over server-sent events: the log from where the reader is, the run whenever it changes, its end. */
@Injectable()
export class RunStreams implements OnModuleDestroy {
  private readonly open = new Set<() => void>();
  private stopping = false;

  constructor(
    private readonly tail: LogTail,
    private readonly changes: RunChanges,
    private readonly queries: RunQueries,
    private readonly views: RunViews,
  ) {}

  /** How many readers there are. */
  get count(): number {
    return this.open.size;
  }

  /** An open stream would keep the server from closing. */
  onModuleDestroy(): void {
    this.stopping = true;
    for (const leave of this.open) leave();
  }

  /**
   * Sends everything from line `after` + 1 on, until the run has ended or the reader is gone. The reader's socket
   * sets the pace: nothing is read for it while it has not taken what it was sent.
   * @param lines 'none' only says how far the log has come, for a reader that fetches what it shows; it is also told
   *   in words that it can hear that the stream is alive, since a browser keeps comments to itself
   */
  async follow(
    response: Response,
    { runId }: Run,
    after: number,
    lines: 'all' | 'none' = 'all',
  ): Promise<void> {
    begin(response);
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    const waker = new Waker();
    let gone = response.destroyed;
    const leave = () => {
      gone = true;
      waker.wake();
    };
    let changed = true;
    let grownTo = after;
    const stopListening = [
      this.tail.onGrowth(runId, (lastSeq) => {
        grownTo = Math.max(grownTo, lastSeq);
        waker.wake();
      }),
      this.changes.onChange(runId, () => {
        changed = true;
        waker.wake();
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
    const sendPlace = async (seq: number, mustLook: boolean) => {
      if (mustLook) grownTo = Math.max(grownTo, await this.tail.lastSeq(runId));
      if (grownTo > seq) await send(`id: ${grownTo}\nevent: grown\ndata: {"lastSeq":${grownTo}}\n\n`);
      return grownTo;
    };
    try {
      let seq = after;
      let sentWaiting: string | null = null;
      let isQuiet = false;
      while (!gone) {
        // The run is read before the log: if it has ended by now, the log that follows is complete.
        const hasChanged = changed;
        const run = hasChanged || isQuiet ? await this.queries.get(runId) : null;
        if (hasChanged) changed = false;
        seq = lines === 'all' ? await sendLines(seq) : await sendPlace(seq, run !== null);
        if (run) {
          const view = await this.views.one(run);
          // What a run waits for may change while the run itself does not.
          const waiting = JSON.stringify(view.waiting);
          if (hasChanged || waiting !== sentWaiting)
            await send(`event: run\ndata: ${JSON.stringify(view)}\n\n`);
          sentWaiting = waiting;
          if (isTerminal(run)) {
            // Not `seq`: a reader may have asked for what comes after a line that never came.
            const lastSeq = await this.tail.lastSeq(runId);
            await send(`event: end\ndata: ${JSON.stringify({ status: run.status, lastSeq })}\n\n`);
            break;
          }
        }
        // Who comes while the server stops gets what there is, and reads on when it is back.
        if (this.stopping) break;
        isQuiet = !(await waker.wait(HEARTBEAT_MS));
        if (isQuiet) await send(lines === 'all' ? ': still here\n\n' : 'event: beat\ndata: {}\n\n');
      }
    } finally {
      for (const stop of stopListening) stop();
      this.open.delete(leave);
      response.end();
    }
  }
}

function begin(response: Response): void {
  response.status(200);
  response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  // A gateway that compresses would hold lines back until its buffer is full.
  response.setHeader('Cache-Control', 'no-cache, no-transform');
  response.setHeader('X-Accel-Buffering', 'no');
  response.flushHeaders();
}

/** Resolves when the socket has taken what it was given, or is gone. */
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
