import type { Instant } from '../clock/clock';

export const LOG_STREAMS = ['stdout', 'stderr', 'system'] as const;
export type LogStreamName = (typeof LOG_STREAMS)[number];

/** A line of a run's log, as returned to readers. `seq` counts 1, 2, 3 … without gaps within the run. */
export interface LogLine {
  seq: number;
  at: Instant;
  stream: LogStreamName;
  step: string | null;
  text: string;
}

export const MAX_LINE_BYTES = 64 * 1024;
/** Marks the end of a cut line. */
export const CUT_MARK = ' … [line cut at 64 KiB]';

/** Cuts a line longer than 64 KiB of UTF-8 between two characters, and marks it. */
export function cutLine(text: string): string {
  // A UTF-16 unit takes at most three bytes of UTF-8, so nearly all lines need no exact count.
  if (text.length * 3 <= MAX_LINE_BYTES || Buffer.byteLength(text) <= MAX_LINE_BYTES) return text;
  const bytes = Buffer.from(text);
  let end = MAX_LINE_BYTES;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}${CUT_MARK}`;
}
