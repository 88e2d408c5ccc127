import { elapsedMs, type Instant } from '../clock/clock';

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

/** The two units that matter: "41 s", "4 m 12 s", "3 h 05 m", "2 d 4 h". The page's script counts on in the same words. */
export function elapsedText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${twoDigits(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${twoDigits(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
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

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
