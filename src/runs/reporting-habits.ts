import { elapsedMs, type Instant } from '../clock/clock';
import { median } from './median';
import type { Run } from './run';

/** How the workers of an external project report, judged by its latest finished runs. */
export interface ReportingHabit {
  reports: 'at-start' | 'only-at-end' | 'unknown';
  /** Median milliseconds from start to end of runs reported only at the end; null if there are none. */
  typicalMs: number | null;
  /** The latest final report from a worker that had not claimed the run. */
  lastReport: { runId: string; at: Instant } | null;
}

export const UNKNOWN_HABIT: ReportingHabit = { reports: 'unknown', typicalMs: null, lastReport: null };

/** The fields of an ended run that show how its worker reported. */
export type FinishedRun = Pick<Run, 'runId' | 'claimedAt' | 'startedAt'> & { endedAt: Instant };

/** The number of finished runs that decide. */
export const HABIT_RUNS = 10;

/**
 * Returns how the workers report. Pure.
 * @param runs newest first
 */
export function habitOf(runs: FinishedRun[]): ReportingHabit {
  const [latest] = runs;
  if (!latest) return UNKNOWN_HABIT;
  const silent = runs.filter(({ claimedAt }) => claimedAt === null);
  const last = silent[0];
  return {
    reports: latest.claimedAt === null ? 'only-at-end' : 'at-start',
    typicalMs: last ? median(silent.map(({ startedAt, endedAt }) => elapsedMs(startedAt, endedAt))) : null,
    lastReport: last ? { runId: last.runId, at: last.endedAt } : null,
  };
}
