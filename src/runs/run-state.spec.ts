import { plusSeconds } from '../clock/clock';
import type { RunEventMap } from '../events/run-event';
import { aNewRun, after, LATER, START } from '../../test/support/a-run';
import { LEASE_SECONDS } from './lease-times';
import type { Run } from './run';
import {
  phaseOf,
  type Refusal,
  requestOf,
  type RunCommand,
  type RunCommandType,
  type RunPhase,
  isHandedOut,
  transition,
  TRANSITIONS,
} from './run-state';

const NOW = '2026-03-01T10:10:00.000Z';
const WORKER = 'worker-1';

const TOKEN = 'token-of-the-lease';

const claim: Extract<RunCommand, { type: 'claim' }> = {
  type: 'claim',
  workerId: WORKER,
  leaseSeconds: 30,
  lease: { token: TOKEN, claimId: null },
};
const requestStop: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };
const start = (payload: Partial<RunEventMap['run.started']> = {}): RunCommand => ({
  type: 'start',
  occurredAt: NOW,
  payload: { workerId: WORKER, attempt: 1, ...payload },
});
const heartbeat = (payload: Partial<RunEventMap['run.heartbeat']> = {}): RunCommand => ({
  type: 'heartbeat',
  occurredAt: NOW,
  payload: { workerId: WORKER, attempt: 1, ...payload },
});
const progress = (payload: RunEventMap['run.progress'], occurredAt = NOW): RunCommand => ({
  type: 'progress',
  occurredAt,
  payload,
});
const complete = (payload: RunEventMap['run.completed'] = {}, occurredAt = NOW): RunCommand => ({
  type: 'complete',
  occurredAt,
  payload,
});
const fail = (payload: Partial<RunEventMap['run.failed']> = {}, occurredAt = NOW): RunCommand => ({
  type: 'fail',
  occurredAt,
  payload: { errorCode: 'BROKEN', message: 'It broke.', ...payload },
});
const confirmStop = (payload: RunEventMap['run.cancelled'] = {}, occurredAt = NOW): RunCommand => ({
  type: 'confirm-stop',
  occurredAt,
  payload,
});
const loseWorker = (attempt = 1): RunCommand => ({
  type: 'lose-worker',
  attempt,
  loss: { kind: 'lease-expired' },
});

const unclaim = (attempt = 1, leaseToken = TOKEN): RunCommand => ({ type: 'unclaim', attempt, leaseToken });

/** Allows two attempts, so that a lost worker can be replaced. */
const waiting = aNewRun({ maxAttempts: 2 });
const active = after(waiting, [claim]);
const stopping = after(active, [requestStop]);

const RUNS: Record<RunPhase, Run> = {
  waiting,
  active,
  stopping,
  completed: after(active, [complete()]),
  partial: after(active, [complete({ status: 'partial', reason: 'quota-reached' })]),
  failed: after(active, [fail()]),
  cancelled: after(stopping, [confirmStop()]),
};
const PHASES = Object.keys(RUNS) as RunPhase[];
const TERMINAL: RunPhase[] = ['completed', 'partial', 'failed', 'cancelled'];

/** Every command, in each variant that can lead to another phase. */
const COMMANDS: Record<RunCommandType, RunCommand[]> = {
  claim: [claim],
  unclaim: [unclaim()],
  start: [start()],
  heartbeat: [heartbeat()],
  progress: [progress({ step: 'fetch', stepStatus: 'running' }), progress({})],
  complete: [complete(), complete({ status: 'completed' }), complete({ status: 'partial' })],
  fail: [fail(), fail({ step: 'parse' })],
  'confirm-stop': [confirmStop()],
  'request-stop': [requestStop],
  'lose-worker': [loseWorker()],
  'fail-unclaimed': [{ type: 'fail-unclaimed' }],
  'end-unconfirmed-stop': [{ type: 'end-unconfirmed-stop' }],
  'time-out': [{ type: 'time-out' }],
  'end-restored': [{ type: 'end-restored' }],
};
const COMMAND_TYPES = Object.keys(COMMANDS) as RunCommandType[];

/** The relevant runs of a phase: with attempts left and without. */
function runsIn(phase: RunPhase): Run[] {
  const run = RUNS[phase];
  return [run, { ...run, maxAttempts: run.attempt }];
}

function refusalOf(run: Run, command: RunCommand): Refusal | null {
  const result = transition(run, command, NOW);
  return result.applied ? null : result.refusal;
}

describe('run state machine', () => {
  const everyPair = PHASES.flatMap((phase) => COMMAND_TYPES.map((command) => [phase, command] as const));

  it('has a test run in each phase', () => {
    for (const phase of PHASES) expect(phaseOf(RUNS[phase])).toBe(phase);
  });

  it('has a row for each phase and a cell for each command', () => {
    expect(Object.keys(TRANSITIONS).sort()).toEqual([...PHASES].sort());
    for (const phase of PHASES)
      expect(Object.keys(TRANSITIONS[phase]).sort()).toEqual([...COMMAND_TYPES].sort());
  });

  it.each(everyPair)('transitions from %s by %s exactly as in the table', (phase, type) => {
    const reached = new Set<RunPhase>();
    for (const run of runsIn(phase)) {
      for (const command of COMMANDS[type]) {
        const before = structuredClone(run);
        const result = transition(run, command, NOW);
        expect(run).toEqual(before);
        if (result.applied) {
          expect(result.from).toBe(phase);
          expect(phaseOf(result.run)).toBe(result.to);
          expect(result.run.revision).toBe(run.revision + 1);
          reached.add(result.to);
        } else {
          expect(result.run).toBe(run);
        }
      }
    }
    expect([...reached].sort()).toEqual([...TRANSITIONS[phase][type]].sort());
  });

  it.each(TERMINAL.flatMap((phase) => COMMAND_TYPES.map((command) => [phase, command] as const)))(
    'never changes a run that is %s, by %s',
    (phase, type) => {
      for (const command of COMMANDS[type]) {
        expect(transition(RUNS[phase], command, NOW)).toEqual({
          applied: false,
          run: RUNS[phase],
          refusal: 'already-ended',
        });
      }
    },
  );

  it.each(everyPair)('sets the end time if and only if the run ends: %s by %s', (phase, type) => {
    for (const run of runsIn(phase)) {
      for (const command of COMMANDS[type]) {
        const result = transition(run, command, NOW);
        if (!result.applied) continue;
        expect(result.run.endedAt !== null).toBe(result.run.status !== 'running');
        if (result.run.endedAt === null) continue;
        expect(result.run.leaseExpiresAt).toBeNull();
        expect(result.run.steps.map(({ status }) => status)).not.toContain('running');
        expect(result.run.steps.map(({ status }) => status)).not.toContain('pending');
      }
    }
  });
});

describe('claiming a run', () => {
  it('assigns the run to the worker, with a lease from now', () => {
    const { run } = transition(waiting, claim, NOW);
    expect(run).toMatchObject({
      workerId: WORKER,
      claimedAt: NOW,
      lastHeardAt: NOW,
      leaseExpiresAt: plusSeconds(NOW, 30),
    });
  });

  it('is rejected for a second worker', () =>
    expect(refusalOf(active, { ...claim, workerId: 'worker-2' })).toBe('no-effect'));

  it('treats a start without leaseSeconds as a claim without a lease', () => {
    const { run } = transition(waiting, start(), NOW);
    expect(run).toMatchObject({ workerId: WORKER, claimedAt: NOW, leaseExpiresAt: null });
  });

  it('keeps the time of the first claim when the worker starts later', () =>
    expect(transition(active, start(), NOW).run).toMatchObject({ claimedAt: LATER, lastHeardAt: NOW }));

  it('renews the lease with a heartbeat that has leaseSeconds', () =>
    expect(transition(active, heartbeat({ leaseSeconds: 60 }), NOW).run.leaseExpiresAt).toBe(
      plusSeconds(NOW, 60),
    ));

  it('keeps a lease in use unchanged with a heartbeat without leaseSeconds', () => {
    const inUse = after(active, [heartbeat({ leaseSeconds: 60 })]);
    expect(transition(inUse, heartbeat(), NOW).run.leaseExpiresAt).toBe(inUse.leaseExpiresAt);
  });

  it('activates the run with its first progress event', () =>
    expect(phaseOf(transition(waiting, progress({ current: 1 }), NOW).run)).toBe('active'));

  it('accepts a completion as the only event of a worker', () => {
    const { run } = transition(waiting, complete({ newJobsCount: 3 }), NOW);
    expect(run).toMatchObject({ status: 'completed', endedAt: NOW, metrics: { newJobsCount: 3 } });
  });

  it.each([
    ['a start', start({ workerId: 'worker-2' })],
    ['a heartbeat', heartbeat({ workerId: 'worker-2' })],
  ])('rejects %s of another worker', (_what, command) =>
    expect(transition(active, command, NOW)).toEqual({
      applied: false,
      run: active,
      refusal: 'other-worker',
    }),
  );
});

describe('attempts', () => {
  const second = after(active, [loseWorker(), claim]);
  const spoken: [string, (attempt?: number) => RunCommand][] = [
    ['start', (attempt = 2) => start({ attempt })],
    ['heartbeat', (attempt = 2) => heartbeat({ attempt })],
    ['progress', (attempt) => progress({ attempt, current: 1 })],
    ['complete', (attempt) => complete({ attempt })],
    ['fail', (attempt) => fail({ attempt })],
    ['confirm-stop', (attempt) => confirmStop({ attempt })],
    ['lose-worker', (attempt = 2) => loseWorker(attempt)],
    ['unclaim', (attempt = 2) => unclaim(attempt)],
  ];

  it('increase when a lost worker is replaced', () => expect(second.attempt).toBe(2));

  it.each(spoken)('reject %s of an older attempt as stale', (_type, command) =>
    expect(transition(second, command(1), NOW)).toEqual({
      applied: false,
      run: second,
      refusal: 'stale-attempt',
    }),
  );

  it.each(spoken)('reject %s of an unknown attempt', (_type, command) =>
    expect(transition(second, command(3), NOW)).toEqual({
      applied: false,
      run: second,
      refusal: 'unknown-attempt',
    }),
  );

  it.each(spoken)('accept %s of the current attempt, or without an attempt', (_type, command) => {
    expect(refusalOf(second, command(2))).toBeNull();
    expect(refusalOf(second, command())).toBeNull();
  });

  it('report an ended run as ended, regardless of the attempt', () =>
    expect(refusalOf(RUNS.completed, complete({ attempt: 7 }))).toBe('already-ended'));
});

describe('end of a run', () => {
  const BEFORE_START = '2026-03-01T09:00:00.000Z';
  const MIDDLE = '2026-03-01T10:07:00.000Z';
  const FUTURE = '2027-01-01T00:00:00.000Z';

  it.each([
    ['is the time that the worker reports', MIDDLE, MIDDLE],
    ['is the arrival time if the reported time is before the start', BEFORE_START, NOW],
    ['is the arrival time if the reported time is before the claim', START, NOW],
    ['may equal the claim time', LATER, LATER],
    ['is never in the future', FUTURE, NOW],
    ['may be now', NOW, NOW],
  ])('%s', (_what, occurredAt, endedAt) => {
    expect(transition(active, complete({}, occurredAt), NOW).run.endedAt).toBe(endedAt);
    expect(transition(active, fail({}, occurredAt), NOW).run.endedAt).toBe(endedAt);
    expect(transition(stopping, confirmStop({}, occurredAt), NOW).run.endedAt).toBe(endedAt);
  });

  it.each<[string, RunCommand, RunCommand, Run['status']]>([
    ['a failure after the completion', complete(), fail(), 'completed'],
    ['a completion after the failure', fail(), complete(), 'failed'],
    ['a confirmed stop after the completion', complete(), confirmStop(), 'completed'],
    ['a completion after the confirmed stop', confirmStop(), complete(), 'cancelled'],
    ['a lost worker after the completion', complete(), loseWorker(), 'completed'],
    ['a stop after the partial completion', complete({ status: 'partial' }), requestStop, 'partial'],
  ])('is set by the first end event: %s has no effect', (_what, first, second, status) => {
    const ended = after(active, [first]);
    expect(ended.status).toBe(status);
    expect(transition(ended, second, NOW)).toEqual({ applied: false, run: ended, refusal: 'already-ended' });
  });

  it('is a completion if the worker completes before it stops', () =>
    expect(transition(stopping, complete({ newJobsCount: 5 }), NOW).run).toMatchObject({
      status: 'completed',
      statusReason: null,
      metrics: { newJobsCount: 5 },
    }));

  it('is a failure if the worker fails before it stops', () =>
    expect(transition(stopping, fail(), NOW).run.status).toBe('failed'));

  it.each<[string, RunEventMap['run.failed'], string]>([
    ['without details', { errorCode: 'E', message: 'm' }, 'worker-reported'],
    ['at a step', { errorCode: 'E', message: 'm', step: 'parse' }, 'step-failed'],
    ['with a reason', { errorCode: 'E', message: 'm', step: 'parse', reason: 'timed-out' }, 'timed-out'],
  ])('keeps the error and reason of a failure %s', (_what, payload, statusReason) =>
    expect(transition(active, fail(payload), NOW).run).toMatchObject({
      statusReason,
      error: { code: 'E', message: 'm' },
    }),
  );

  it.each<[string, RunEventMap['run.completed'], string | null]>([
    ['none for a full completion', {}, null],
    ['none for a full completion with a reason', { status: 'completed', reason: 'x' }, null],
    [
      'the reported reason for a partial completion',
      { status: 'partial', reason: 'quota-reached' },
      'quota-reached',
    ],
    ['partial for a partial completion without a reason', { status: 'partial' }, 'partial'],
  ])('has the status reason: %s', (_what, payload, statusReason) =>
    expect(transition(active, complete(payload), NOW).run.statusReason).toBe(statusReason),
  );

  it('is attributed to the worker if it confirms a stop that was not requested', () =>
    expect(transition(active, confirmStop(), NOW).run).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-worker',
      cancelRequestedAt: null,
    }));
});

describe('stopping a run', () => {
  it('cancels an unclaimed run immediately', () =>
    expect(transition(waiting, requestStop, NOW).run).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      cancelRequestedAt: NOW,
      endedAt: NOW,
    }));

  it('sets a deadline for the worker of a claimed run', () =>
    expect(transition(active, requestStop, NOW).run).toMatchObject({
      status: 'running',
      statusReason: null,
      cancelRequestedAt: NOW,
      stopBy: plusSeconds(NOW, active.stopGraceSeconds),
      endedAt: null,
    }));

  it('has no effect a second time', () => expect(refusalOf(stopping, requestStop)).toBe('no-effect'));

  it('cancels the run with the reason of the user when the worker confirms', () =>
    expect(transition(stopping, confirmStop(), NOW).run).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      error: null,
    }));

  it('cancels the run with a warning when the worker never confirms', () =>
    expect(transition(stopping, { type: 'end-unconfirmed-stop' }, NOW).run).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      error: { code: 'STOP_NOT_CONFIRMED' },
    }));

  it('cancels the run when it times out while stopping', () =>
    expect(transition(stopping, { type: 'time-out' }, NOW).run).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
    }));
});

describe('server clock set back', () => {
  const earlier = plusSeconds(START, -7200);

  it('never ends a run or step before its start', () => {
    const begun = after(waiting, [claim, progress({ step: 'fetch', stepStatus: 'running' })], START);
    for (const [run, command] of [
      [waiting, requestStop],
      [waiting, { type: 'fail-unclaimed' }],
      [begun, fail()],
      [begun, complete()],
      [begun, loseWorker()],
      [begun, { type: 'time-out' }],
    ] as [Run, RunCommand][]) {
      const { run: changed } = transition({ ...run, maxAttempts: 1 }, command, earlier);
      expect(changed.endedAt! >= changed.startedAt).toBe(true);
      for (const { startedAt, endedAt } of changed.steps) {
        if (startedAt !== null) expect(endedAt! >= startedAt).toBe(true);
      }
    }
  });
});

describe('lost worker', () => {
  const busy = after(active, [
    progress({ step: 'fetch', stepStatus: 'completed', exitCode: 0 }),
    progress({ step: 'parse', stepStatus: 'running', current: 3, total: 9, metrics: { found: 4 } }),
    progress({ artifacts: [{ name: 'half.csv', size: 10 }] }),
  ]);

  it('resets the run for the next attempt if one remains', () => {
    const { run } = transition(busy, loseWorker(), NOW);
    const senderClock = { ...waiting.senderClock, notBefore: NOW };
    expect(run).toEqual({
      ...waiting,
      attempt: 2,
      pastLeases: { 1: TOKEN },
      senderClock,
      revision: busy.revision + 1,
    });
  });

  it('fails the run if no attempt remains', () =>
    expect(transition({ ...busy, maxAttempts: 1 }, loseWorker(), NOW).run).toMatchObject({
      status: 'failed',
      statusReason: 'worker-lost',
      endedAt: NOW,
      error: { code: 'WORKER_LOST', message: null, loss: { kind: 'lease-expired' } },
    }));

  it('cancels a stopping run regardless of remaining attempts', () => {
    const asked = after(busy, [requestStop]);
    expect(transition(asked, loseWorker(), NOW).run).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      attempt: 1,
      error: { code: 'WORKER_LOST' },
    });
  });

  it('has no effect on an unclaimed run', () => expect(refusalOf(waiting, loseWorker())).toBe('no-effect'));

  it('fails the run when the last attempt is lost', () => {
    const lastAttempt = after(busy, [loseWorker(), claim]);
    expect(transition(lastAttempt, loseWorker(2), NOW).run).toMatchObject({
      status: 'failed',
      statusReason: 'worker-lost',
      attempt: 2,
    });
  });
});

describe('giving up', () => {
  it('fails a run that no worker claimed', () =>
    expect(transition(waiting, { type: 'fail-unclaimed' }, NOW).run).toMatchObject({
      status: 'failed',
      statusReason: 'no-worker',
      error: { code: 'NO_WORKER' },
    }));

  it('fails a run that timed out', () =>
    expect(transition(active, { type: 'time-out' }, NOW).run).toMatchObject({
      status: 'failed',
      statusReason: 'timed-out',
      error: { code: 'TIMED_OUT' },
    }));
});

describe('a restored backup', () => {
  it.each(['waiting', 'active', 'stopping'] as const)('fails a run that is %s in it', (phase) => {
    const result = transition(RUNS[phase], { type: 'end-restored' }, NOW);
    expect(result.run).toMatchObject({
      status: 'failed',
      statusReason: 'restored',
      error: { code: 'RESTORED' },
    });
    // The original may be running, and its workers too.
    expect(result.applied && result.emits).toEqual([]);
  });
});

describe('steps of a run', () => {
  const running = after(after(waiting, [claim], START), [
    progress({ step: 'fetch', stepStatus: 'running' }, '2026-03-01T10:01:00.000Z'),
    progress({ step: 'fetch', stepStatus: 'completed', exitCode: 0 }, '2026-03-01T10:02:00.000Z'),
    progress({ step: 'parse', stepStatus: 'running' }, '2026-03-01T10:03:00.000Z'),
  ]);
  const statuses = (run: Run) => run.steps.map(({ status }) => status);

  it('start and end at the times that the worker reports', () =>
    expect(running.steps).toEqual([
      {
        name: 'fetch',
        status: 'completed',
        startedAt: '2026-03-01T10:01:00.000Z',
        endedAt: '2026-03-01T10:02:00.000Z',
        exitCode: 0,
      },
      {
        name: 'parse',
        status: 'running',
        startedAt: '2026-03-01T10:03:00.000Z',
        endedAt: null,
        exitCode: null,
      },
      { name: 'report', status: 'pending', startedAt: null, endedAt: null, exitCode: null },
    ]));

  it.each<[string, RunCommand, string[]]>([
    ['completed', complete(), ['completed', 'completed', 'skipped']],
    ['partial', complete({ status: 'partial' }), ['completed', 'completed', 'skipped']],
    ['failed', fail(), ['completed', 'failed', 'skipped']],
    ['failed at a step', fail({ step: 'parse' }), ['completed', 'failed', 'skipped']],
    ['failed at an unknown step', fail({ step: 'extra' }), ['completed', 'failed', 'skipped', 'failed']],
    ['cancelled', confirmStop(), ['completed', 'cancelled', 'skipped']],
    ['timed out', { type: 'time-out' }, ['completed', 'failed', 'skipped']],
  ])('are settled when the run is %s', (_what, command, expected) =>
    expect(statuses(transition(running, command, NOW).run)).toEqual(expected),
  );

  it('end with the run if they were running', () =>
    expect(transition(running, confirmStop(), NOW).run.steps[1]).toMatchObject({
      startedAt: '2026-03-01T10:03:00.000Z',
      endedAt: NOW,
    }));

  it('are skipped without times if they never started', () =>
    expect(transition(running, fail(), NOW).run.steps[2]).toEqual({
      name: 'report',
      status: 'skipped',
      startedAt: null,
      endedAt: null,
      exitCode: null,
    }));

  it('are all skipped when an unclaimed run is cancelled', () =>
    expect(statuses(transition(waiting, requestStop, NOW).run)).toEqual(['skipped', 'skipped', 'skipped']));

  it('ignore a late start event after their end', () => {
    const { run } = transition(running, progress({ step: 'fetch', stepStatus: 'running' }), NOW);
    expect(run.steps).toEqual(running.steps);
  });

  it('do not end twice', () => {
    const { run } = transition(running, progress({ step: 'fetch', stepStatus: 'failed', exitCode: 1 }), NOW);
    expect(run.steps).toEqual(running.steps);
  });

  it('can end before their start is reported', () => {
    const { run } = transition(
      active,
      progress({ step: 'fetch', stepStatus: 'completed', exitCode: 0 }),
      NOW,
    );
    expect(run.steps[0]).toEqual({
      name: 'fetch',
      status: 'completed',
      startedAt: NOW,
      endedAt: NOW,
      exitCode: 0,
    });
  });

  it('have no start time if the worker skipped them', () =>
    expect(
      transition(active, progress({ step: 'parse', stepStatus: 'skipped' }), NOW).run.steps[1],
    ).toMatchObject({ status: 'skipped', startedAt: null, endedAt: NOW }));

  it('can have names that are not in the project file', () =>
    expect(
      transition(active, progress({ step: 'rank', stepStatus: 'running' }), NOW).run.steps.map(
        ({ name }) => name,
      ),
    ).toEqual(['fetch', 'parse', 'report', 'rank']));

  it('start at the arrival time if the reported time is before the run or in the future', () => {
    const early = transition(
      active,
      progress({ step: 'fetch', stepStatus: 'running' }, '1999-01-01T00:00:00.000Z'),
      NOW,
    );
    const late = transition(
      active,
      progress({ step: 'fetch', stepStatus: 'running' }, '2099-01-01T00:00:00.000Z'),
      NOW,
    );
    expect(early.run.steps[0]!.startedAt).toBe(NOW);
    expect(late.run.steps[0]!.startedAt).toBe(NOW);
  });
});

describe('worker clock that is off', () => {
  const STEPS_MS = [20, 1000, 1010, 3000];
  const TIMES = (shiftMs: number, cut = 24) =>
    STEPS_MS.map((ms) => new Date(Date.parse(START) + 300 + ms + shiftMs).toISOString().slice(0, cut));

  function carriedOut(said: string[], arrivals: string[]): Run {
    const news: [RunCommand, string][] = [
      [progress({ step: 'fetch', stepStatus: 'running' }, said[0]), arrivals[0]!],
      [progress({ step: 'fetch', stepStatus: 'completed', exitCode: 0 }, said[1]), arrivals[1]!],
      [progress({ step: 'parse', stepStatus: 'running' }, said[2]), arrivals[2]!],
      [complete({}, said[3]), arrivals[3]!],
    ];
    const run: Run = {
      ...waiting,
      startedAt: new Date(Date.parse(START) + 300).toISOString(),
      senderClock: null,
    };
    return news.reduce((current, [command, now]) => after(current, [command], now), run);
  }

  it.each([
    ['40 s behind', -40_000],
    ['40 s ahead', 40_000],
    ['right', 0],
  ])('and %s leaves the durations and order of the run and its steps intact', (_what, offMs) => {
    const run = carriedOut(TIMES(offMs), TIMES(5));
    const { steps, startedAt, endedAt } = run;
    const since = (at: string | null) => Date.parse(at!) - Date.parse(startedAt);
    const lateMs = offMs === 0 ? 0 : 5;
    expect(since(endedAt)).toBe(3000 + lateMs);
    expect(steps.slice(0, 2).map((step) => [since(step.startedAt), since(step.endedAt)])).toEqual([
      [20 + lateMs, 1000 + lateMs],
      [1010 + lateMs, 3000 + lateMs],
    ]);
  });

  it('or has only whole seconds produces no run of 0 ms', () => {
    const whole = TIMES(0, 19).map((text) => `${text}.000Z`);
    const { steps, startedAt, endedAt } = carriedOut(whole, TIMES(5));
    expect(Date.parse(endedAt!) - Date.parse(startedAt)).toBe(2700);
    for (const step of steps.slice(0, 2)) expect(step.endedAt! >= step.startedAt!).toBe(true);
    expect(steps[1]!.startedAt! >= steps[0]!.endedAt!).toBe(true);
  });
});

describe('steps side by side', () => {
  const both = after(active, [
    progress({ step: 'fetch', stepStatus: 'running' }),
    progress({ step: 'parse', stepStatus: 'running' }),
    progress({ step: 'fetch', current: 3, total: 10, message: 'Page 3' }),
    progress({ step: 'parse', current: 1 }),
  ]);

  it('keep their own progress, and the run has that of the one that reported last', () => {
    expect(both.progress).toEqual({ step: 'parse', current: 1, total: null, message: null });
    const { run } = transition(both, progress({ step: 'fetch', current: 4 }), NOW);
    expect(run.progress).toEqual({ step: 'fetch', current: 4, total: 10, message: 'Page 3' });
    expect(run.steps[1]!.progress).toEqual({ current: 1, total: null, message: null });
  });

  it('leave the progress of the run to the one that still runs', () => {
    const { run } = transition(both, progress({ step: 'parse', stepStatus: 'completed' }), NOW);
    expect(run.progress).toEqual({ step: 'fetch', current: 3, total: 10, message: 'Page 3' });
    const late = transition(run, progress({ step: 'parse', current: 9 }), NOW).run;
    expect(late.progress).toEqual(run.progress);
    const last = transition(run, progress({ step: 'fetch', stepStatus: 'completed' }), NOW).run;
    expect(last.progress).toMatchObject({ step: 'fetch', current: 3 });
  });

  it('begin a further attempt without progress', () => {
    const stepAttempt = { number: 1, status: 'failed', retryAt: NOW } as const;
    const { run } = transition(both, progress({ step: 'parse', stepStatus: 'running', stepAttempt }), NOW);
    expect(run.progress).toEqual({ step: 'parse', current: null, total: null, message: null });
  });

  it('all take the outcome of the run', () => {
    const { run } = transition(both, { type: 'time-out' }, NOW);
    expect(run.steps.map(({ status }) => status)).toEqual(['failed', 'failed', 'skipped']);
  });
});

describe('outputs of steps', () => {
  it('are kept with the run, by step, and go with a lost attempt', () => {
    const run = after(active, [
      progress({ step: 'fetch', stepStatus: 'completed', outputs: { rows: 3, file: 'a.csv' } }),
      progress({ step: 'parse', stepStatus: 'completed', outputs: { rows: 2 } }),
    ]);
    expect(run.outputs).toEqual({ fetch: { rows: 3, file: 'a.csv' }, parse: { rows: 2 } });
    const lost = transition(
      { ...run, maxAttempts: 2 },
      { type: 'lose-worker', attempt: 1, loss: { kind: 'lease-expired' } },
      NOW,
    );
    expect(lost.run).toMatchObject({ attempt: 2, outputs: null });
  });

  it('of an earlier run are in the request to workers, in each attempt', () => {
    const earlierOutputs = { fetch: { rows: 3 } };
    expect(requestOf({ ...active, earlierOutputs }).payload.outputs).toEqual(earlierOutputs);
    expect(requestOf(active).payload).not.toHaveProperty('outputs');
  });

  it('beyond 64 KiB are left out, and the run says so', () => {
    const much = progress({ step: 'fetch', outputs: { text: 'x'.repeat(40_000) } });
    const { run } = transition(active, much, NOW);
    const more = transition(run, progress({ step: 'parse', outputs: { text: 'x'.repeat(40_000) } }), NOW).run;
    expect(Object.keys(more.outputs!)).toEqual(['fetch']);
    expect(more.omitted).toEqual(['outputs']);
  });
});

describe('progress', () => {
  const begun = after(active, [progress({ step: 'fetch', current: 3, total: 10, message: 'Page 3' })]);

  it('merges the latest reported members', () =>
    expect(transition(begun, progress({ current: 4 }), NOW).run.progress).toEqual({
      step: 'fetch',
      current: 4,
      total: 10,
      message: 'Page 3',
    }));

  it('is reset by another step', () =>
    expect(transition(begun, progress({ step: 'parse', current: 1 }), NOW).run.progress).toEqual({
      step: 'parse',
      current: 1,
      total: null,
      message: null,
    }));

  it('ignores late reports of an ended step, except for their metrics', () => {
    const further = after(begun, [
      progress({ step: 'fetch', stepStatus: 'completed', exitCode: 0 }),
      progress({ step: 'parse', stepStatus: 'running', current: 1 }),
    ]);
    const { run } = transition(further, progress({ step: 'fetch', current: 9, metrics: { found: 9 } }), NOW);
    expect(run.progress).toEqual(further.progress);
    expect(run.metrics).toEqual({ found: 9 });
  });

  it('merges metrics, keeping the latest value of each', () => {
    const run = after(active, [
      progress({ metrics: { found: 1, kept: 1 } }),
      progress({ metrics: { found: 2 } }),
    ]);
    expect(run.metrics).toEqual({ found: 2, kept: 1 });
  });

  it('lists an artifact once, with its latest size', () => {
    const run = after(active, [
      progress({ artifacts: [{ name: 'a.csv', size: 1 }] }),
      progress({ artifacts: [{ name: 'b.csv' }, { name: 'a.csv', size: 2 }] }),
      // Reported again without its size, as in the final event: the known size is kept.
      progress({ artifacts: [{ name: 'a.csv' }] }),
    ]);
    expect(run.artifacts).toEqual([
      { name: 'a.csv', size: 2 },
      { name: 'b.csv', size: 0 },
    ]);
  });
});

describe('metrics of a completed run', () => {
  it.each<[string, RunEventMap['run.completed'], Record<string, number>]>([
    [
      'keep newJobsCount and relevantCount',
      { newJobsCount: 3, relevantCount: 1 },
      { newJobsCount: 3, relevantCount: 1 },
    ],
    ['fall back to persistedResults', { persistedResults: 7 }, { newJobsCount: 7 }],
    [
      'prefer newJobsCount to persistedResults',
      { newJobsCount: 0, persistedResults: 7 },
      { newJobsCount: 0 },
    ],
    ['are merged with earlier metrics', { metrics: { kept: 2 } }, { found: 9, kept: 2 }],
    ['keep earlier metrics without new ones', {}, { found: 9 }],
  ])('%s', (_what, payload, expected) => {
    const run = after(active, [progress({ metrics: { found: 9 } }), complete(payload)]);
    expect(run.metrics).toMatchObject(expected);
    expect(run.metrics.newJobsCount).toBe(expected.newJobsCount);
  });
});

describe('events published to workers', () => {
  const emitted = (run: Run, command: RunCommand) => {
    const result = transition(run, command, NOW);
    return result.applied ? result.emits : [];
  };

  it('include the request of a new run, with all that a worker needs', () =>
    expect(requestOf(waiting)).toEqual({
      eventType: 'run.requested',
      payload: {
        projectId: 'demo',
        scope: 'full',
        steps: ['fetch', 'parse', 'report'],
        definitionHash: waiting.definitionHash,
        params: { depth: 2 },
        attempt: 1,
      },
    }));

  it('include the next attempt after a lost worker', () =>
    expect(emitted(active, loseWorker())).toEqual([
      { eventType: 'run.requested', payload: expect.objectContaining({ attempt: 2 }) },
    ]));

  it.each([
    ['a claimed', active],
    ['an unclaimed', waiting],
  ])('include the stop request for %s run', (_what, run) =>
    expect(emitted(run, requestStop)).toEqual([
      {
        eventType: 'run.cancel.requested',
        payload: { reason: 'cancelled-by-user', requestedBy: 'ada' },
      },
    ]),
  );

  it('include a stop with reason timed-out when an active run times out', () =>
    expect(emitted(active, { type: 'time-out' })).toEqual([
      { eventType: 'run.cancel.requested', payload: { reason: 'timed-out', requestedBy: 'jobato' } },
    ]));

  it('include a stop with reason no-worker when no worker claims the run', () =>
    expect(emitted(waiting, { type: 'fail-unclaimed' })).toEqual([
      { eventType: 'run.cancel.requested', payload: { reason: 'no-worker', requestedBy: 'jobato' } },
    ]));

  it('exclude a second stop when a stopping run times out', () =>
    expect(emitted(stopping, { type: 'time-out' })).toEqual([]));

  it.each<[string, Run, RunCommand]>([
    ['a claim', waiting, claim],
    ['a start', waiting, start()],
    ['a heartbeat', active, heartbeat()],
    ['progress', active, progress({ current: 1 })],
    ['a completion', active, complete()],
    ['a failure', active, fail()],
    ['a confirmed stop', stopping, confirmStop()],
    ['a lost worker without remaining attempts', { ...active, maxAttempts: 1 }, loseWorker()],
    ['a second stop request', stopping, requestStop],
  ])('exclude %s', (_what, run, command) => expect(emitted(run, command)).toEqual([]));

  describe('claim whose response was lost', () => {
    it('is revoked without a new attempt, and publishes the request again', () => {
      const result = transition(active, unclaim(), NOW);
      expect(result).toMatchObject({
        applied: true,
        run: { attempt: 1, workerId: null, claimedAt: null, lastHeardAt: null, leaseExpiresAt: null },
        emits: [{ eventType: 'run.requested', payload: { attempt: 1 } }],
      });
    });

    it('ends the run if a stop was requested since then', () =>
      expect(transition(stopping, unclaim(), NOW)).toMatchObject({
        run: { status: 'cancelled', statusReason: 'cancelled-by-user', error: null },
        emits: [],
      }));

    it('is revoked only with its own token, and only while that is unused', () => {
      expect(refusalOf(active, unclaim(1, 'another'))).toBe('lease-lost');
      expect(refusalOf(waiting, unclaim())).toBe('no-effect');
      for (const use of [start(), heartbeat(), progress({ current: 1 })]) {
        expect(refusalOf(after(active, [use]), unclaim())).toBe('lease-lost');
      }
    });
  });

  describe('lease with a token', () => {
    const claimed = (leaseSeconds: number) =>
      after(waiting, [{ ...claim, leaseSeconds, lease: { token: TOKEN, claimId: null } }], NOW);

    it('has its full duration from its first use, even if the claim was shorter', () => {
      const { run } = transition(claimed(15), progress({ current: 1 }), NOW);
      expect(run).toMatchObject({ leaseUsedAt: NOW, leaseExpiresAt: plusSeconds(NOW, LEASE_SECONDS) });
      const later = plusSeconds(NOW, 5);
      expect(transition(run, progress({ current: 2 }), later).run).toMatchObject({
        leaseUsedAt: NOW,
        leaseExpiresAt: plusSeconds(NOW, LEASE_SECONDS),
      });
    });

    it('is kept in pastLeases after its attempt is lost, and cleared for the next one', () => {
      const { run } = transition(claimed(30), loseWorker(), NOW);
      expect(run).toMatchObject({
        attempt: 2,
        leaseToken: null,
        leaseUsedAt: null,
        pastLeases: { 1: TOKEN },
      });
    });

    it('is not kept in pastLeases if it was never used', () =>
      expect(transition(claimed(30), unclaim(), NOW).run).toMatchObject({
        attempt: 1,
        leaseToken: null,
        pastLeases: null,
      }));
  });
});

describe('external run with a published request', () => {
  const handedOut: Run = { ...aNewRun({ executor: 'external', maxAttempts: 2 }), requestPublishedAt: LATER };
  const stop: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };

  it('is cancelled immediately by a stop, with a warning that a worker may be active', () => {
    const result = transition(handedOut, stop, NOW);
    expect(result.run).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      error: { code: 'STOP_UNCONFIRMED' },
    });
    expect(result.applied && result.emits).toMatchObject([{ eventType: 'run.cancel.requested' }]);
  });

  it.each<[string, Run]>([
    ['its request is not published yet', { ...handedOut, requestPublishedAt: null }],
    ['its executor is steps', { ...handedOut, executor: 'steps' }],
  ])('is cancelled without a warning if %s', (_what, run) =>
    expect(transition(run, stop, NOW).run).toMatchObject({ status: 'cancelled', error: null }),
  );

  it('is not handed out while it waits for its next attempt', () => {
    const claimed = after(handedOut, [claim]);
    expect(isHandedOut(handedOut)).toBe(true);
    for (const command of [
      { type: 'lose-worker', attempt: 1, loss: { kind: 'lease-expired' } },
      { type: 'unclaim', attempt: 1, leaseToken: TOKEN },
    ] satisfies RunCommand[])
      expect(after(claimed, [command])).toMatchObject({ claimedAt: null, requestPublishedAt: null });
  });
});
