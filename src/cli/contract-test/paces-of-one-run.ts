import { duration } from '../durations';
import type { AskedRun } from './asked-run';
import { type Trial, WorkerSilent } from './trial';

/** The largest clock difference of a worker that the test accepts. */
const CLOCK_TOLERANCE_MS = 60_000;

export async function answersARun(trial: Trial): Promise<void> {
  const { report, settings } = trial;
  const run = trial.run();
  await run.ask();
  const what = 'ends the run after run.requested';
  if (!(await trial.ended(run))) {
    const said = run.answers.length > 0 ? `it sent ${typesOf(run)}, but no final event` : 'it sent nothing';
    const rejected = run.answers.find(({ reason }) => reason !== null)?.reason;
    const details = [
      `${said} within ${settings.timeoutSeconds} s`,
      ...(rejected ? [rejected] : []),
      trial.worker?.epitaph(),
    ];
    report.fails(what, details.filter(Boolean).join('; '), remedyOfSilence(trial, run));
    throw new WorkerSilent();
  }
  report.holds(what, `${run.ends[0]!.event.eventType} after ${duration(run.tookMs)}`);
  judgeWorkerId(trial, run);
  judgeClock(trial, run);
  judgeLease(trial, run);
}

export async function repeatsTheAttempt(trial: Trial): Promise<void> {
  const run = trial.run({ attempt: 2 });
  await run.ask();
  const what = 'copies the attempt from run.requested';
  const ended = await trial.ended(run);
  const named = run.events.flatMap(({ payload }) => (payload as { attempt?: number }).attempt ?? []);
  const wrong = named.filter((attempt) => attempt !== 2);
  if (wrong.length > 0) {
    trial.report.fails(
      what,
      `it sent attempt ${wrong[0]} for a request with attempt 2`,
      'Copy attempt from the payload of run.requested into every event, or omit it.',
    );
  } else if (!ended) {
    trial.report.fails(
      what,
      trial.worker?.epitaph() ?? 'no response to a request with attempt 2',
      'After a lost worker, Jobato requests the run again with the next attempt. Handle it like any other request.',
    );
  } else if (named.length === 0) {
    trial.report.skipped(what, 'it sends no attempt, which means the current one');
  } else trial.report.holds(what);
}

/** Checks all requested runs after the last test: no event that Jobato would reject, and at most one end per run. */
export function judgeAllEvents(trial: Trial): void {
  const { report, side } = trial;
  const rejected = side.heard.filter(({ reason }) => reason !== null);
  const what = 'sends only valid events';
  if (rejected.length === 0) {
    report.holds(what, `${side.heard.length} checked`);
  } else {
    const [{ fields, reason }] = rejected as [(typeof rejected)[0]];
    report.fails(
      what,
      `${rejected.length} of ${side.heard.length} would be rejected; ${fields.eventType ?? 'event without a type'}: ${reason}`,
      'See the schemas in /api/asyncapi.json.',
    );
  }
  const endedTwice = trial.runs.filter(({ ends }) => ends.length > 1);
  const once = 'ends each run once';
  if (endedTwice.length === 0) report.holds(once);
  else {
    report.fails(
      once,
      endedTwice
        .map((run) => `run ${run.runId}: ${run.ends.map(({ event }) => event.eventType).join(', ')}`)
        .join('; '),
      'Jobato applies only the first end. Send one final event. To send it again, use the same eventId.',
    );
  }
}

function remedyOfSilence({ settings: { stream, projectId } }: Trial, { answers }: AskedRun): string {
  if (answers.some(({ reason }) => reason !== null))
    return 'Send events that match the schemas in /api/asyncapi.json.';
  if (answers.length > 0) {
    return 'If the worker hangs: a blocking XREAD blocks all other commands on its connection, so use another connection to send. If it is slow, increase --timeout-seconds.';
  }
  return `Check that the worker is running, reads the stream ${stream} of this Redis, and handles runs with projectId "${projectId}". If it is slow, increase --timeout-seconds.`;
}

function judgeWorkerId({ report }: Trial, run: AskedRun): void {
  const ids = new Set(run.events.flatMap(({ payload }) => (payload as { workerId?: string }).workerId ?? []));
  const what = 'uses one workerId during the run';
  if (ids.size === 0)
    report.skipped(what, 'it sends neither run.started nor run.heartbeat; both are optional');
  else if (ids.size === 1) report.holds(what, [...ids][0]);
  else {
    report.fails(
      what,
      [...ids].join(', '),
      'Jobato ignores events of another worker. Choose the workerId once, when the process starts.',
    );
  }
}

function judgeClock({ report }: Trial, run: AskedRun): void {
  const what = 'sends correct times in UTC';
  const [{ event, atMs }] = run.ends as [AskedRun['ends'][0]];
  const offMs = Date.parse(event.occurredAt) - atMs;
  if (Math.abs(offMs) <= CLOCK_TOLERANCE_MS) return report.holds(what);
  report.fails(
    what,
    `occurredAt of ${event.eventType} is ${duration(Math.abs(offMs))} ${offMs > 0 ? 'ahead of' : 'behind'} the clock of Redis`,
    'Send occurredAt in UTC with a final Z, or with an offset. Jobato limits it to the range from the start of the run to now.',
  );
}

function judgeLease({ report }: Trial, run: AskedRun): void {
  const what = 'sends heartbeats within its lease';
  let dueMs: number | null = null;
  let leaseMs = 0;
  for (const { event, atMs } of run.answers) {
    if (!event) continue;
    if (dueMs !== null && atMs > dueMs) {
      return report.fails(
        what,
        `its lease was ${leaseMs / 1000} s, but it sent no event for ${duration(atMs - dueMs + leaseMs)}`,
        'Jobato would have assigned the run to another worker. Send run.heartbeat from a separate thread or timer.',
      );
    }
    const { leaseSeconds } = event.payload as { leaseSeconds?: number };
    if (leaseSeconds !== undefined) [leaseMs, dueMs] = [leaseSeconds * 1000, atMs + leaseSeconds * 1000];
  }
  if (leaseMs === 0)
    report.skipped(what, 'it has no lease, so Jobato detects a lost worker only by timeoutSeconds');
  else report.holds(what, `${leaseMs / 1000} s`);
}

function typesOf(run: AskedRun): string {
  return [...new Set(run.answers.map(({ fields }) => fields.eventType ?? 'an entry without a type'))].join(
    ', ',
  );
}
