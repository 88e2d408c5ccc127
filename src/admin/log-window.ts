import { Injectable } from '@nestjs/common';
import type { LogLine } from '../logs/log-line';
import { LogStore } from '../logs/log-store';
import { LogTail } from '../logs/log-tail';
import { clockText, type TimeText } from './time-text';

/** As many lines as a page shows at once, and as much text: lines may be long. */
const WINDOW_LINES = 500;
const WINDOW_CHARACTERS = 512 * 1024;

export interface LogWindow {
  lines: {
    seq: number;
    at: TimeText;
    stream: string;
    isError: boolean;
    isSystem: boolean;
    step: string | null;
    text: string;
  }[];
  /** The last line of the whole log: what comes live follows it. */
  lastSeq: number;
  /** Whether the window reaches to the end, and so grows with the log. */
  isLatest: boolean;
  earlierHref: string | null;
  laterHref: string | null;
}

@Injectable()
export class LogWindows {
  constructor(
    private readonly store: LogStore,
    private readonly tail: LogTail,
  ) {}

  /** The lines up to `to`, or up to the end. */
  async read(runId: string, to: number | null): Promise<LogWindow> {
    const lastSeq = await this.store.lastSeq(runId);
    const end = Math.min(to ?? lastSeq, lastSeq);
    const lines: LogLine[] = [];
    let seq = Math.max(0, end - WINDOW_LINES);
    while (seq < end) {
      const chunk = await this.tail.readAfter(runId, seq);
      if (!chunk) break;
      lines.push(...chunk.after(seq).filter((line) => line.seq <= end));
      seq = chunk.lastSeq;
    }
    return logWindow(runId, latestThatFit(lines), lastSeq);
  }
}

export function logWindow(runId: string, lines: LogLine[], lastSeq: number): LogWindow {
  const first = lines[0]?.seq ?? 1;
  const last = lines.at(-1)?.seq ?? lastSeq;
  return {
    lines: lines.map(({ seq, at, stream, step, text }) => ({
      seq,
      at: clockText(at),
      stream,
      isError: stream === 'stderr',
      isSystem: stream === 'system',
      step,
      text,
    })),
    lastSeq,
    isLatest: last >= lastSeq,
    earlierHref: first > 1 ? `/runs/${runId}?to=${first - 1}#run-log` : null,
    laterHref: last < lastSeq ? `/runs/${runId}#run-log` : null,
  };
}

function latestThatFit(lines: LogLine[]): LogLine[] {
  let characters = 0;
  let from = lines.length;
  while (from > 0 && (characters += lines[from - 1]!.text.length) <= WINDOW_CHARACTERS) from--;
  return lines.slice(Math.min(from, Math.max(0, lines.length - 1)));
}
