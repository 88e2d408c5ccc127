import { duration } from '../durations';
import type { AskedRun } from './asked-run';
import { type Trial, WorkerSilent } from './trial';

/** The largest clock difference of a worker that the test accepts. */
const CLOCK_TOLERANCE_MS = 60_000;

export async function answersARun(trial: Trial): Promise<void> {
  const { report, settings } = trial;
  const run = trial.run();
  await run.ask();
  const what = 'answers run.requested with the end of the run';
  if (!(await trial.ended(run))) {
    const said = run.answers.length > 0 ? `it sent ${typesOf(run)}, and no end` : 'it sent nothing';
    const rejected = run.answers.find(({ reason }) => reason !== null)?.reason;
    const details = [
      `${said} within ${settings.timeoutSeconds} s`,
      ...(rejected ? [rejected] : []),
      trial.worker?.epitaph(),
    ];
    report.fails(what, details.filter(Boolean).join('; '), mendOfSilence(trial, run));
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
  const what = 'repeats the attempt that it was given';
  const ended = await trial.ended(run);
  const named = run.events.flatMap(({ payload }) => (payload as { attempt?: number }).attempt ?? []);
  const wrong = named.filter((attempt) => attempt !== 2);
  if (wrong.length > 0) {
    trial.report.fails(
      what,
      `asked for attempt 2, it spoke of attempt ${wrong[0]}`,
      'Copy attempt from the payload of run.requested into every event, or leave it out.',
    );
  } else if (!ended) {
    trial.report.fails(
      what,
      trial.worker?.epitaph() ?? 'it did not answer a request for attempt 2',
      'A run whose worker was lost is asked for again, with the next attempt: take it like any other.',
    );
  } else if (named.length === 0) {
    trial.report.skipped(what, 'it names no attempt, which means the current one');
  } else trial.report.holds(what);
}

/** Checks all requested runs after the last test: no event that Jobato would reject, and at most one end per run. */
export function judgeAllEvents(trial: Trial): void {
  const { report, side } = trial;
  const rejected = side.heard.filter(({ reason }) => reason !== null);
  const what = 'sends only events that Jobato can apply';
  if (rejected.length === 0) {
    report.holds(what, `${side.heard.length} looked at`);
  } else {
    const [{ fields, reason }] = rejected as [(typeof rejected)[0]];
    report.fails(
      what,
      `${rejected.length} of ${side.heard.length} would be rejected; ${fields.eventType ?? 'one without a type'}: ${reason}`,
      'The schemas are in /api/asyncapi.json.',
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
      'Jobato takes the first and drops the others. Say the end once; to say it again, repeat the event with its eventId.',
    );
  }
}

function mendOfSilence({ settings: { stream, projectId } }: Trial, { answers }: AskedRun): string {
  if (answers.some(({ reason }) => reason !== null))
    return 'Send events as /api/asyncapi.json describes them.';
  if (answers.length > 0) {
    return 'If it has hung: a blocking XREAD holds up all else on its connection, so send on another one. If it is slow: --timeout-seconds.';
  }
  return `Is it running, does it read the stream ${stream} of this Redis, and does it take runs whose projectId is "${projectId}"? If it is slow: --timeout-seconds.`;
}

function judgeWorkerId({ report }: Trial, run: AskedRun): void {
  const ids = new Set(run.events.flatMap(({ payload }) => (payload as { workerId?: string }).workerId ?? []));
  const what = 'keeps one workerId for the run';
  if (ids.size === 0) report.skipped(what, 'it sends neither run.started nor run.heartbeat, and need not');
  else if (ids.size === 1) report.holds(what, [...ids][0]);
  else {
    report.fails(
      what,
      [...ids].join(', '),
      'Jobato refuses what another worker says about the run. Choose the workerId once, at the start of the process.',
    );
  }
}

function judgeClock({ report }: Trial, run: AskedRun): void {
  const what = 'says when things happened, in UTC';
  const [{ event, atMs }] = run.ends as [AskedRun['ends'][0]];
  const offMs = Date.parse(event.occurredAt) - atMs;
  if (Math.abs(offMs) <= CLOCK_TOLERANCE_MS) return report.holds(what);
  report.fails(
    what,
    `occurredAt of ${event.eventType} is ${duration(Math.abs(offMs))} ${offMs > 0 ? 'ahead of' : 'behind'} the clock of Redis`,
    'Give occurredAt in UTC, ending in Z, or with its offset. Jobato holds it between the start of the run and now.',
  );
}

function judgeLease({ report }: Trial, run: AskedRun): void {
  const what = 'is heard from within its lease';
  let dueMs: number | null = null;
  let leaseMs = 0;
  for (const { event, atMs } of run.answers) {
    if (!event) continue;
    if (dueMs !== null && atMs > dueMs) {
      return report.fails(
        what,
        `it promised ${leaseMs / 1000} s and was silent for ${duration(atMs - dueMs + leaseMs)}`,
        'Jobato would have given the run to another worker. Send run.heartbeat from a thread or timer of its own.',
      );
    }
    const { leaseSeconds } = event.payload as { leaseSeconds?: number };
    if (leaseSeconds !== undefined) [leaseMs, dueMs] = [leaseSeconds * 1000, atMs + leaseSeconds * 1000];
  }
  if (leaseMs === 0)
    report.skipped(what, 'it promises none: a lost worker is then only noticed by timeoutSeconds');
  else report.holds(what, `${leaseMs / 1000} s`);
}

function typesOf(run: AskedRun): string {
  return [...new Set(run.answers.map(({ fields }) => fields.eventType ?? 'an entry without a type'))].join(
    ', ',
  );
}
