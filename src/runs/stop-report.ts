import { elapsedMs, type Instant, plusSeconds } from '../clock/clock';
import { instantOf } from '../events/parse-event';
import type { ReportedStopping, RunEventMap } from '../events/run-event';
import type { Run, StopReport } from './run';

/** Maximum number of living processes that a report keeps by name. */
export const MAX_NAMED_PROCESSES = 5;
/** Steps side by side are ended at the same time. A run keeps the newest reports. */
const MAX_REPORTS = 20;
/** A reported time further from `occurredAt` is an error of the worker, and is treated as not reported. */
const MAX_DIFFERENCE_MS = 24 * 3600 * 1000;

/**
 * Returns the reports that are current after this event, one for each step that is being ended; null without any.
 * Reports and step events may arrive out of order.
 */
export function stopReportsAfter(
  run: Run,
  { step, stepStatus, stopping }: RunEventMap['run.progress'],
  occurredAt: Instant,
  now: Instant,
): StopReport[] | null {
  const before = run.stopReports ?? [];
  if (before.length === 0 && stopping === undefined) return null;
  const kept = before.filter((report) => !isOver(report, run, step, stepStatus, occurredAt));
  if (stopping === undefined || !isApplicable(run, step, stopping)) return kept.length === 0 ? null : kept;
  const report = stopReportOf(run, step, stopping, occurredAt, now);
  const known = kept.find((other) => other.step === report.step);
  if (known === undefined) return [...kept, report].slice(-MAX_REPORTS);
  return kept.map((other) => (other === known && !isNewer(known, report) ? report : other));
}

/** Returns whether the report's step has ended or, if its worker does not report that, another step has started since. */
function isOver(
  report: StopReport,
  run: Run,
  step: string | undefined,
  stepStatus: RunEventMap['run.progress']['stepStatus'],
  occurredAt: Instant,
): boolean {
  if (step === undefined || stepStatus === undefined) return false;
  if (step === report.step) return stepStatus !== 'running';
  const isStillRunning = run.steps.some(({ name, status }) => name === report.step && status === 'running');
  return !isStillRunning && stepStatus === 'running' && occurredAt > report.occurredAt;
}

/** Returns false for a step that has already ended, and for a requested stop if no stop of the run was requested. */
function isApplicable(
  run: Run,
  step: string | undefined,
  { cause = 'stop-requested' }: ReportedStopping,
): boolean {
  if (cause === 'stop-requested' && run.cancelRequestedAt === null) return false;
  return !run.steps.some(({ name, endedAt }) => name === step && endedAt !== null);
}

/** SIGKILL is always the last signal to a step, even if the clock was set back. */
function isNewer(one: StopReport, other: StopReport): boolean {
  if (one.signal !== other.signal) return one.signal === 'SIGKILL';
  return one.occurredAt > other.occurredAt;
}

/** Converts the worker's times to the server's clock: 5 s before `occurredAt` becomes 5 s before `now`. */
function stopReportOf(
  run: Run,
  step: string | undefined,
  reported: ReportedStopping,
  occurredAt: Instant,
  now: Instant,
): StopReport {
  const { cause = 'stop-requested', signal, aliveCount, alive = [] } = reported;
  const [sentAt, killAt] = [timeNear(occurredAt, reported.sentAt), timeNear(occurredAt, reported.killAt)];
  const sentMsAgo = sentAt === null ? 0 : elapsedMs(sentAt, occurredAt);
  return {
    occurredAt,
    step: step ?? null,
    cause,
    signal,
    // A signal cannot precede the start of the run.
    sentAt: plusSeconds(now, -Math.min(sentMsAgo, elapsedMs(run.startedAt, now)) / 1000),
    killAt:
      signal === 'SIGTERM' && killAt !== null ? plusSeconds(now, elapsedMs(occurredAt, killAt) / 1000) : null,
    aliveCount: aliveCount ?? null,
    alive: alive.slice(0, MAX_NAMED_PROCESSES).map(({ pid, name }) => ({ pid, name })),
  };
}

function timeNear(instant: Instant, text: string | undefined): Instant | null {
  const time = instantOf(text ?? '');
  if (time === null) return null;
  return Math.max(elapsedMs(instant, time), elapsedMs(time, instant)) > MAX_DIFFERENCE_MS ? null : time;
}
