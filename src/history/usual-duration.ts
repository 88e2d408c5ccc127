import { elapsedMs, type Instant } from '../clock/clock';
import { median } from '../runs/median';

/** The number of runs that determine the typical duration. */
export const ALIKE_RUNS = 9;
/** The minimum number of runs for a typical duration. */
const ENOUGH = 3;

/** Returns the median duration, which one extremely long run does not change; null with too few runs. */
export function usualMs(earlier: { startedAt: Instant | null; endedAt: Instant | null }[]): number | null {
  const durations = earlier.flatMap(({ startedAt, endedAt }) =>
    startedAt === null || endedAt === null ? [] : elapsedMs(startedAt, endedAt),
  );
  return durations.length < ENOUGH ? null : median(durations);
}

/** Returns true if the duration is clearly above the typical one; small differences do not count. */
export function isLongerThanUsual(ms: number, usual: number): boolean {
  return ms > usual * 1.2 + 2000;
}
