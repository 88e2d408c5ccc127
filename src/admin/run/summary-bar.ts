import { elapsedMs, type Instant } from '../../clock/clock';
import type { QuotaStatus } from '../../quota/quotas';
import type { Run } from '../../runs/run';
import { durationText } from '../../clock/duration-text';
import { type DurationText, durationOf } from '../words/duration-text';
import { humanised } from '../words/humanised';
import { numberText } from '../words/number-text';
import { numberSign } from '../words/run-words';
import { runMark, type StatusMark } from '../words/status-mark';
import { type TimeText, timeText } from '../words/time-text';
import { isLongerThanUsual, usualMs } from '../../history/usual-duration';

export interface SummaryBar {
  mark: StatusMark;
  /** "#14" */
  number: string | null;
  lastRun: TimeText | null;
  duration: DurationText | null;
  /** The typical duration of such runs. `isSlow` is true if this run takes longer. */
  usual: string | null;
  isSlow: boolean;
  /** Whether there are such values. The bar keeps the others hidden. */
  hasNew: boolean;
  hasRelevant: boolean;
  hasQuota: boolean;
  newCount: string;
  relevantCount: string;
  metrics: { name: string; value: string }[];
  quotaRemaining: string;
  /** "Last success 3 days ago" if that is old. */
  stale: string | null;
}

type Ended = Pick<Run, 'runId' | 'startedAt' | 'endedAt'>;

/** In place of a value that was not reported. */
export const NONE = '–';
/** These two metrics have fixed places in the bar. */
export const NEW_COUNT = 'newJobsCount';
export const RELEVANT_COUNT = 'relevantCount';

export function summaryBar(
  run: Run | null,
  metricNames: string[],
  earlier: Ended[],
  quota: QuotaStatus | null,
  now: Instant,
  stale: string | null = null,
): SummaryBar {
  const value = (name: string) => (run?.metrics[name] === undefined ? NONE : numberText(run.metrics[name]));
  const has = (name: string) => run?.metrics[name] !== undefined;
  const usual = usualMs(earlier.filter(({ runId }) => runId !== run?.runId));
  return {
    mark: runMark(run),
    number: run && numberSign(run),
    lastRun: run && timeText(run.startedAt),
    duration: run && durationOf(run, now),
    usual: usual === null ? null : durationText(usual),
    isSlow:
      run !== null &&
      usual !== null &&
      isLongerThanUsual(elapsedMs(run.startedAt, run.endedAt ?? now), usual),
    hasNew: has(NEW_COUNT),
    hasRelevant: has(RELEVANT_COUNT),
    hasQuota: quota !== null,
    newCount: value(NEW_COUNT),
    relevantCount: value(RELEVANT_COUNT),
    metrics: metricNames
      .filter((name) => name !== NEW_COUNT && name !== RELEVANT_COUNT)
      .map((name) => ({ name: humanised(name), value: value(name) })),
    quotaRemaining: quota === null ? NONE : numberText(quota.remaining),
    stale,
  };
}
