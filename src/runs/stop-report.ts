import { elapsedMs, type Instant, plusSeconds } from '../clock/clock';
import { instantOf } from '../events/parse-event';
import type { ReportedStopping, RunEventMap } from '../events/run-event';
import type { Run, StopReport } from './run';

/** How many of those that are alive are kept by name. */
export const MAX_NAMED_PROCESSES = 5;
/** No signal is further away from the report of it; what is said to be is a mistake, and not taken up. */
const MAX_DISTANCE_MS = 24 * 3600 * 1000;

/** The report that stands once a worker has said this. Reports, and other news of steps, may overtake each other. */
export function stopReportAfter(
  run: Run,
  { step, stepStatus, stopping }: RunEventMap['run.progress'],
  occurredAt: Instant,
  now: Instant,
): StopReport | null {
  const kept = isOver(run.stopReport, step, stepStatus, occurredAt) ? null : run.stopReport;
  if (stopping === undefined || !counts(run, step, stopping)) return kept;
  const report = stopReportOf(run, step, stopping, occurredAt, now);
  return kept !== null && isNewer(kept, report) ? kept : report;
}

/** Its step has ended, or another one has begun since. */
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

/** Not where nobody has asked for the stop that it speaks of, or its step is over by now. */
function counts(run: Run, step: string | undefined, { cause = 'stop-requested' }: ReportedStopping): boolean {
  if (cause === 'stop-requested' && run.cancelRequestedAt === null) return false;
  return !run.steps.some(({ name, endedAt }) => name === step && endedAt !== null);
}

/** Of one step SIGKILL is the last that is sent, whatever the clock says. */
function isNewer(one: StopReport, other: StopReport): boolean {
  if (one.step === other.step && one.signal !== other.signal) return one.signal === 'SIGKILL';
  return one.occurredAt > other.occurredAt;
}

/** The worker's clock may be wrong, so its times are taken as distances from its report, and that as said just now. */
function stopReportOf(
  run: Run,
  step: string | undefined,
  said: ReportedStopping,
  occurredAt: Instant,
  now: Instant,
): StopReport {
  const { cause = 'stop-requested', signal, aliveCount, alive = [] } = said;
  const [sentAt, killAt] = [timeNear(occurredAt, said.sentAt), timeNear(occurredAt, said.killAt)];
  const sentMsAgo = sentAt === null ? 0 : elapsedMs(sentAt, occurredAt);
  return {
    occurredAt,
    step: step ?? null,
    cause,
    signal,
    // Nothing of a run happens before its start.
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
  return Math.max(elapsedMs(instant, time), elapsedMs(time, instant)) > MAX_DISTANCE_MS ? null : time;
}
