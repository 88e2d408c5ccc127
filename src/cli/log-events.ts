import { setTimeout as delay } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import type { LogLine } from '../logs/log-line';
import type { OpenLine } from '../logs/open-lines';
import type { RunStatus } from '../runs/run';
import type { RunView } from '../runs/run-view';
import { networkReason, ServerUnreachable } from './failures';
import type { JobatoClient } from './jobato-client';
import { ServerRefusal } from './server-refusal';

export type RunEvent =
  | { type: 'log'; line: LogLine }
  /** An unfinished line, which replaces the previous one of its step and stream; none if its text is empty. */
  | { type: 'line'; line: OpenLine }
  | { type: 'run'; run: RunView }
  | { type: 'end'; status: RunStatus }
  /** The connection broke; a retry follows. */
  | { type: 'lost'; reason: string; attempt: number; attempts: number }
  | { type: 'back' };

/** The server sends an event or a comment at least every 15 s, so a longer silence means a dead connection. */
const SILENCE_MS = 45_000;
/** A server that restarts is back within about a minute, so more attempts would not help. */
const ATTEMPTS = 15;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5000;

/**
 * Follows a run to its end, over as many connections as needed, and yields each line once and in order. Yields
 * events in batches as they arrive, so that many lines can be printed in few writes.
 * @throws ServerUnreachable after the last attempt, ServerRefusal
 */
export async function* followRun(
  client: JobatoClient,
  runId: string,
  stop: AbortSignal,
): AsyncGenerator<RunEvent[]> {
  let seq = 0;
  let failures = 0;
  while (true) {
    let reason = 'the server closed the connection';
    let isBack = failures === 0;
    try {
      for await (const events of connection(client, runId, seq, stop)) {
        const fresh: RunEvent[] = isBack ? [] : [{ type: 'back' }];
        isBack = true;
        for (const event of events) {
          if (event.type === 'log') {
            if (event.line.seq <= seq) continue;
            seq = event.line.seq;
            // Only a new line counts as progress: otherwise a server that breaks every connection would cause
            // endless retries.
            failures = 0;
          }
          fresh.push(event);
        }
        yield fresh;
        if (fresh.at(-1)?.type === 'end') return;
      }
    } catch (error) {
      stop.throwIfAborted();
      if (error instanceof ServerRefusal && error.httpStatus < 500) throw error;
      reason = error instanceof ServerUnreachable ? error.reason : networkReason(error);
    }
    failures++;
    if (failures > ATTEMPTS) throw new ServerUnreachable(client.url, reason);
    yield [{ type: 'lost', reason, attempt: failures, attempts: ATTEMPTS }];
    await delay(Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS), undefined, {
      signal: stop,
    });
  }
}

async function* connection(
  client: JobatoClient,
  runId: string,
  after: number,
  stop: AbortSignal,
): AsyncGenerator<RunEvent[]> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`no data for ${SILENCE_MS / 1000} s`)), SILENCE_MS);
  let received: RunEvent[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      const parsed = parseEvent(event, data);
      if (parsed) received.push(parsed);
    },
  });
  try {
    const body = await client.logEvents(runId, after, AbortSignal.any([stop, silence.signal]));
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      parser.feed(text);
      if (received.length === 0) continue;
      yield received;
      received = [];
      timer.refresh(); // printing may block for long, for example with `| less`
    }
  } finally {
    clearTimeout(timer);
  }
}

function parseEvent(event: string | undefined, data: string): RunEvent | null {
  switch (event) {
    case 'log':
      return { type: 'log', line: JSON.parse(data) as LogLine };
    case 'line':
      return { type: 'line', line: JSON.parse(data) as OpenLine };
    case 'run':
      return { type: 'run', run: JSON.parse(data) as RunView };
    case 'end':
      return { type: 'end', status: (JSON.parse(data) as { status: RunStatus }).status };
    default:
      return null; // from a later version
  }
}
