import { elapsedMs, type Instant } from '../../clock/clock';
import { median } from '../../runs/median';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Where too little is known of how often a project runs. */
const WITHOUT_A_HABIT_MS = 7 * DAY_MS;
/** Fewer gaps than this are no habit. */
const ENOUGH_GAPS = 3;
/** How many successes are looked at. */
export const SUCCESSES = 11;

export interface Staleness {
  lastSuccessAt: Instant;
  /** The last success is old once it is as old as this. */
  oldAfterMs: number;
}

/**
 * When the last success of a project is an old one: after twice the usual gap between its successes, and never before
 * a day has gone by, since people do not run things at night.
 * @param successes when the latest successful runs ended, newest first
 */
export function stalenessOf(successes: Instant[]): Staleness | null {
  const [lastSuccessAt] = successes;
  if (lastSuccessAt === undefined) return null;
  const gaps = successes.slice(1).map((earlier, index) => elapsedMs(earlier, successes[index]!));
  const oldAfterMs = gaps.length < ENOUGH_GAPS ? WITHOUT_A_HABIT_MS : Math.max(DAY_MS, 2 * median(gaps));
  return { lastSuccessAt, oldAfterMs };
}

/** "Last success 3 days ago" where that is old; null where it is not, and while a run is at work on a new one. */
export function staleWords(staleness: Staleness | null, isActive: boolean, now: Instant): string | null {
  if (staleness === null || isActive) return null;
  const ageMs = elapsedMs(staleness.lastSuccessAt, now);
  return ageMs < staleness.oldAfterMs ? null : `Last success ${daysText(Math.floor(ageMs / DAY_MS))} ago`;
}

function daysText(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}
