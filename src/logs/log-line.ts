import type { Instant } from '../clock/clock';
import { withoutSequences } from './control-sequences';

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

/** The most of an unfinished line that readers get, in characters. It is sent several times a second. */
const MAX_OPEN_LENGTH = 4096;
const EARLIER = '… ';

/** Returns the end of a long unfinished line, without colours. */
export function newestPart(line: string): string {
  if (line.length <= MAX_OPEN_LENGTH) return line;
  const text = withoutSequences(line.slice(-4 * MAX_OPEN_LENGTH));
  if (text.length <= MAX_OPEN_LENGTH) return text;
  // Without the second half of a cut character.
  return EARLIER + text.slice(EARLIER.length - MAX_OPEN_LENGTH).replace(/^[\udc00-\udfff]/, '');
}
