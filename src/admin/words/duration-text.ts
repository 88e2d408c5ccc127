import { elapsedMs, type Instant } from '../../clock/clock';
import { durationText } from '../../clock/duration-text';
import { elapsedText } from '../../clock/elapsed-text';
import { ticking } from './ticking';

export interface DurationText {
  text: string;
  /** Set while it grows: the page counts on from this value. */
  tickingFromMs: number | null;
}

/** Returns the duration up to the end or up to now; null before the start. */
export function durationOf(
  { startedAt, endedAt }: { startedAt: Instant | null; endedAt: Instant | null },
  now: Instant,
): DurationText | null {
  if (startedAt === null) return null;
  const ms = elapsedMs(startedAt, endedAt ?? now);
  return endedAt === null
    ? ticking({ text: elapsedText(ms), tickingFromMs: ms }, { since: startedAt })
    : { text: durationText(ms), tickingFromMs: null };
}

/**
 * Returns a duration that grows, and whose start is not stored.
 * @param since identifies its start: with another value, the page has changed
 */
export function growingDuration(ms: number, since: number): DurationText {
  return ticking({ text: elapsedText(ms), tickingFromMs: ms }, { since });
}
