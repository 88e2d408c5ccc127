import { elapsedMs, type Instant } from '../../clock/clock';
import { elapsedText } from '../../clock/elapsed-text';

export interface DurationText {
  text: string;
  /** Set while it still grows: the page counts on from here. */
  tickingFromMs: number | null;
}

/** "40 ms", "4.2 s", then as `elapsedText`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : elapsedText(Math.round(ms / 1000) * 1000);
}

/** From a start to its end, or to now where it has not ended; null where it has not begun. */
export function durationOf(
  { startedAt, endedAt }: { startedAt: Instant | null; endedAt: Instant | null },
  now: Instant,
): DurationText | null {
  if (startedAt === null) return null;
  const ms = elapsedMs(startedAt, endedAt ?? now);
  return endedAt === null
    ? { text: elapsedText(ms), tickingFromMs: ms }
    : { text: durationText(ms), tickingFromMs: null };
}
