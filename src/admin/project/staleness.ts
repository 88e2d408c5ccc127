import { elapsedMs, type Instant } from '../../clock/clock';
import { median } from '../../runs/median';

const DAY_MS = 24 * 60 * 60 * 1000;
/** The limit for projects with too few successes to know a typical gap. */
const WITHOUT_A_HABIT_MS = 7 * DAY_MS;
/** The minimum number of gaps for a typical gap. */
const ENOUGH_GAPS = 3;
/** The number of successes considered. */
export const SUCCESSES = 11;

export interface Staleness {
  lastSuccessAt: Instant;
  /** The age in ms at which the last success counts as old. */
  oldAfterMs: number;
}

/**
 * Decides when the last success is old: after twice the median gap between successes, and at least one day, because
 * manual runs pause at night.
 * @param successes end times of the latest successful runs, newest first
 */
export function stalenessOf(successes: Instant[]): Staleness | null {
  const [lastSuccessAt] = successes;
  if (lastSuccessAt === undefined) return null;
  const gaps = successes.slice(1).map((earlier, index) => elapsedMs(earlier, successes[index]!));
  const oldAfterMs = gaps.length < ENOUGH_GAPS ? WITHOUT_A_HABIT_MS : Math.max(DAY_MS, 2 * median(gaps));
  return { lastSuccessAt, oldAfterMs };
}

/** Returns "Last success 3 days ago" if that is old; null otherwise and during an active run. */
export function staleWords(staleness: Staleness | null, isActive: boolean, now: Instant): string | null {
  if (staleness === null || isActive) return null;
  const ageMs = elapsedMs(staleness.lastSuccessAt, now);
  return ageMs < staleness.oldAfterMs ? null : `Last success ${daysText(Math.floor(ageMs / DAY_MS))} ago`;
}

function daysText(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}
