import { elapsedMs, type Instant } from '../../clock/clock';
import { median } from '../../runs/median';

/** How many runs are looked at to say what is usual. */
export const ALIKE_RUNS = 9;
/** Fewer than this say nothing about what is usual. */
const ENOUGH = 3;

/** The median of those that have ended, which one that hung for a night does not move; null where they are too few. */
export function usualMs(earlier: { startedAt: Instant | null; endedAt: Instant | null }[]): number | null {
  const durations = earlier.flatMap(({ startedAt, endedAt }) =>
    startedAt === null || endedAt === null ? [] : elapsedMs(startedAt, endedAt),
  );
  return durations.length < ENOUGH ? null : median(durations);
}

/** Whether it takes, or took, clearly longer: some spread is nothing to speak of. */
export function isLongerThanUsual(ms: number, usual: number): boolean {
  return ms > usual * 1.2 + 2000;
}
