import { elapsedMs, type Instant, plusSeconds } from '../clock/clock';
import { instantOf } from '../events/parse-event';
import type { ReportedStopping, RunEventMap } from '../events/run-event';
import type { Run, StopReport } from './run';

/** Maximum number of living processes that a report keeps by name. */
export const MAX_NAMED_PROCESSES = 5;
/** A reported time further from `occurredAt` is an error of the worker, and is treated as not reported. */
const MAX_DIFFERENCE_MS = 24 * 3600 * 1000;

/** Returns the report that is current after this event. Reports and step events may arrive out of order. */
export function stopReportAfter(
  run: Run,
  { step, stepStatus, stopping }: RunEventMap['run.progress'],
  occurredAt: Instant,
  now: Instant,
): StopReport | null {
  const kept = isOver(run.stopReport, step, stepStatus, occurredAt) ? null : run.stopReport;
  if (stopping === undefined || !isApplicable(run, step, stopping)) return kept;
  const report = stopReportOf(run, step, stopping, occurredAt, now);
  return kept !== null && isNewer(kept, report) ? kept : report;
}

/** Returns whether the report's step has ended, or another step has started since. */
function isOver(
  report: StopReport | null,
  step: string | undefined,
  stepStatus: RunEventMap['run.progress']['stepStatus'],
  occurredAt: Instant,
): boolean {
  if (report === null || step === undefined || stepStatus === undefined) return false;
  return step === report.step
    ? stepStatus !== 'running'
    : stepStatus === 'running' && occurredAt > report.occurredAt;
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

/** Within one step SIGKILL is always the last signal, even if the clock was set back. */
function isNewer(one: StopReport, other: StopReport): boolean {
  if (one.step === other.step && one.signal !== other.signal) return one.signal === 'SIGKILL';
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
