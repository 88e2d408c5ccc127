import { elapsedMs, type Instant } from '../clock/clock';
import type { QuotaStatus } from '../quota/quotas';
import type { Run } from '../runs/run';
import { type DurationText, durationOf, durationText } from './duration-text';
import { median } from './median';
import { humanised, numberText } from './plain-words';
import { runMark, type StatusMark } from './status-mark';
import { type TimeText, timeText } from './time-text';

export interface SummaryBar {
  mark: StatusMark;
  lastRun: TimeText | null;
  duration: DurationText | null;
  /** What runs like this one usually take, and whether this one takes longer. */
  usual: string | null;
  isSlow: boolean;
  newCount: string;
  relevantCount: string;
  metrics: { name: string; value: string }[];
  quotaRemaining: string;
  /** "Last success 3 days ago", where that is old. */
  stale: string | null;
}

type Ended = Pick<Run, 'runId' | 'startedAt' | 'endedAt'>;

/** How many runs are looked at to say what is usual. */
export const ALIKE_RUNS = 9;

const NONE = '–';
/** These two have places of their own in the bar. */
const NEW_COUNT = 'newJobsCount';
const RELEVANT_COUNT = 'relevantCount';
/** Fewer runs than this say nothing about what is usual. */
const ENOUGH_RUNS = 3;

export function summaryBar(
  run: Run | null,
  metricNames: string[],
  earlier: Ended[],
  quota: QuotaStatus | null,
  now: Instant,
  stale: string | null = null,
): SummaryBar {
  const value = (name: string) => (run?.metrics[name] === undefined ? NONE : numberText(run.metrics[name]));
  const usualMs = usualDurationMs(earlier.filter(({ runId }) => runId !== run?.runId));
  return {
    mark: runMark(run),
    lastRun: run && timeText(run.startedAt),
    duration: run && durationOf(run, now),
    usual: usualMs === null ? null : durationText(usualMs),
    isSlow:
      run !== null && usualMs !== null && elapsedMs(run.startedAt, run.endedAt ?? now) > usualMs * 1.2 + 2000,
    newCount: value(NEW_COUNT),
    relevantCount: value(RELEVANT_COUNT),
    metrics: metricNames
      .filter((name) => name !== NEW_COUNT && name !== RELEVANT_COUNT)
      .map((name) => ({ name: humanised(name), value: value(name) })),
    quotaRemaining: quota === null ? NONE : numberText(quota.remaining),
    stale,
  };
}

/** The median, which one run that hung for a night does not move. */
export function usualDurationMs(runs: Ended[]): number | null {
  const durations = runs.flatMap(({ startedAt, endedAt }) =>
    endedAt === null ? [] : elapsedMs(startedAt, endedAt),
  );
  return durations.length < ENOUGH_RUNS ? null : median(durations);
}
