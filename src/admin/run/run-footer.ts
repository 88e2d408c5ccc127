import type { Instant } from '../../clock/clock';
import type { QuotaStatus } from '../../quota/quotas';
import { isTerminal, type Run } from '../../runs/run';
import { clockSkewMs } from '../../runs/sender-clock';
import type { Waiting } from '../../runs/waiting';
import { durationText } from '../../clock/duration-text';
import { type DurationText, durationOf } from '../words/duration-text';
import { numberText } from '../words/number-text';
import { endReasonWords } from '../words/run-words';
import { runMark, type StatusMark } from '../words/status-mark';
import { type TimeText, timeText, timeTextOrNull } from '../words/time-text';
import { errorWords, type PageWords, waitingWords } from '../words/page-words';
import { reachedText } from './run-outcome';

/** The clock difference above which the page shows a warning. */
const VISIBLE_SKEW_MS = 5000;

/** One line with the state of a run and the next action. */
export interface RunFooter {
  mark: StatusMark;
  lead: string;
  since: DurationText | null;
  workerId: string | null;
  lastHeard: DurationText | null;
  endedAt: TimeText | null;
  detail: PageWords[] | null;
  href: string | null;
  quota: FooterQuota | null;
  /** Warnings to read before the next run. */
  warnings: FooterWarning[];
}

export interface FooterWarning {
  text: string;
  /** Set if the sentence ends with a time. */
  at: TimeText | null;
}

export interface FooterQuota {
  /** "3 of 100 calls left" */
  text: string;
  resetsAt: TimeText;
}

/** The maximum length of an error in characters. */
const SHOWN_LENGTH = 500;

export function neverRunFooter(
  file: string,
  isDisabled: boolean,
  quota: QuotaStatus | null,
  warnings: FooterWarning[] = [],
): RunFooter {
  return {
    ...NOTHING,
    mark: runMark(null),
    lead: 'No runs yet.',
    quota: footerQuota(quota),
    warnings: [...warnings, ...quotaWarning(quota)],
    detail: [
      { text: `${isDisabled ? '' : 'Press Run to start the first one. '}The project file is ${file}.` },
    ],
  };
}

export function runFooter(
  run: Run,
  waiting: Waiting | null,
  quota: QuotaStatus | null,
  now: Instant,
  more: FooterWarning[] = [],
): RunFooter {
  const mark = runMark(run);
  const warnings = [...more, ...silentWarning(run, waiting), ...clockWarning(run), ...quotaWarning(quota)];
  const href = `/runs/${run.runId}`;
  if (isTerminal(run)) {
    return {
      ...NOTHING,
      mark,
      href,
      warnings,
      quota: footerQuota(quota),
      endedAt: timeTextOrNull(run.endedAt),
      lead: sentenceOf(endReason(run)),
      detail: errorWords(run, SHOWN_LENGTH),
    };
  }
  return {
    ...NOTHING,
    mark,
    href,
    warnings,
    quota: footerQuota(quota),
    lead: 'for',
    since: durationOf({ startedAt: run.cancelRequestedAt ?? run.startedAt, endedAt: null }, now),
    workerId: run.workerId,
    lastHeard: durationOf({ startedAt: run.lastHeardAt, endedAt: null }, now),
    detail: waiting?.code === 'worker-silent' ? null : waitingWords(run, waiting, now),
  };
}

const NOTHING = {
  since: null,
  workerId: null,
  lastHeard: null,
  endedAt: null,
  detail: null,
  href: null,
  quota: null,
  warnings: [],
};

function footerQuota(quota: QuotaStatus | null): FooterQuota | null {
  if (quota === null) return null;
  const { remaining, dailyLimit, resetsAt } = quota;
  const left = remaining === 0 ? 'None' : numberText(remaining);
  return { text: `${left} of ${numberText(dailyLimit)} calls left`, resetsAt: timeText(resetsAt) };
}

function quotaWarning(quota: QuotaStatus | null): FooterWarning[] {
  return quota?.remaining === 0
    ? [{ text: 'The quota is used up. Runs are refused until', at: timeText(quota.resetsAt) }]
    : [];
}

function silentWarning({ workerId, lastHeardAt }: Run, waiting: Waiting | null): FooterWarning[] {
  if (waiting?.code !== 'worker-silent') return [];
  const who = workerId === null ? 'The worker' : `Worker ${workerId}`;
  return [
    {
      text: `${who} has lost its lease${lastHeardAt === null ? '.' : ': its last heartbeat was at'}`,
      at: timeTextOrNull(lastHeardAt),
    },
  ];
}

function clockWarning(run: Run): FooterWarning[] {
  const skewMs = clockSkewMs(run);
  if (skewMs === null || Math.abs(skewMs) <= VISIBLE_SKEW_MS) return [];
  const worker = run.workerId === null ? 'the worker' : `worker ${run.workerId}`;
  const side = skewMs > 0 ? 'ahead of' : 'behind';
  const text =
    `The clock of ${worker} is ${durationText(Math.abs(skewMs))} ${side} the clock of this server. ` +
    'Times of this run are corrected.';
  return [{ text, at: null }];
}

function sentenceOf(text: string): string {
  return text === '' ? '' : `${text}.`;
}

/** Returns text such as "at step fit, exit code 3"; empty if the status is enough. */
export function endReason(run: Run): string {
  const failed = run.steps.find(({ status }) => status === 'failed');
  const reason = endReasonWords(run) ?? '';
  if (run.status === 'failed' && failed) {
    const exit = failed.exitCode === null ? '' : `, exit code ${failed.exitCode}`;
    const where = `at step ${failed.name}${exit}`;
    return reason === '' || run.statusReason === 'step-failed' ? where : `${where}: ${reason}`;
  }
  return reason === '' ? '' : `${reason}${reachedText(run)}`;
}
