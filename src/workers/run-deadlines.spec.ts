import { aNewRun, after, START } from '../../test/support/a-run';
import { FakeClock } from '../../test/support/fake-clock';
import type { Run } from '../runs/run';
import { type Limit, RunDeadlines } from './run-deadlines';
import type { RunCommand } from '../runs/run-state';

const HOUR_MS = 3_600_000;
const JUMPS: [string, number][] = [
  ['is unchanged', 0],
  ['is set two hours forward', 2 * HOUR_MS],
  ['is set two hours back', -2 * HOUR_MS],
];

describe('RunDeadlines', () => {
  let clock: FakeClock;
  let deadlines: RunDeadlines;

  beforeEach(() => {
    clock = new FakeClock(Date.parse(START));
    deadlines = new RunDeadlines(clock);
  });

  const claim: RunCommand = { type: 'claim', workerId: 'w', leaseSeconds: 20 };
  const stop: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };
  const project = {
    executor: 'external' as const,
    claimTimeoutSeconds: 20,
    timeoutSeconds: 20,
    stopGraceSeconds: 20,
  };
  /** Runs that start now, by the current wall clock. */
  const LIMITED: Record<Limit, () => Run> = {
    claim: () => ({ ...startingNow(), finishBy: null }),
    finish: () => ({ ...startingNow(), claimBy: null }),
    lease: () => ({ ...after(startingNow(), [claim], clock.now()), finishBy: null }),
    stop: () => ({
      ...after(startingNow(), [claim, stop], clock.now()),
      finishBy: null,
      leaseExpiresAt: null,
    }),
  };
  const LIMITS = Object.keys(LIMITED) as Limit[];

  function startingNow(): Run {
    const run = aNewRun(project);
    const shift = (at: string | null) =>
      at && new Date(Date.parse(at) - Date.parse(START) + clock.nowMs()).toISOString();
    return {
      ...run,
      startedAt: clock.now(),
      claimBy: shift(run.claimBy),
      finishBy: shift(run.finishBy),
    };
  }

  const look = (...runs: Run[]) => deadlines.look(() => Promise.resolve(runs));

  /** Looks every second, like the watch. @returns the number of seconds until the limit has passed */
  async function secondsUntilPassed(run: Run, limit: Limit): Promise<number> {
    for (let seconds = 0; seconds < 100; seconds++) {
      await look(run);
      if (deadlines.hasPassed(run.runId, limit)) return seconds;
      clock.pass(1000);
    }
    return Infinity;
  }

  describe.each(LIMITS)('limit %s of 20 s', (limit) => {
    it.each(JUMPS)('expires after 20 s if the clock %s afterwards', async (_what, ms) => {
      await look();
      clock.pass(1000);
      const run = LIMITED[limit]();
      await look(run);
      clock.jump(ms);
      expect(await secondsUntilPassed(run, limit)).toBe(21);
    });

    it.each(JUMPS)('expires after 20 s if the clock %s before the first check', async (_what, ms) => {
      await look();
      const run = LIMITED[limit]();
      clock.jump(ms);
      clock.pass(1000);
      const seconds = await secondsUntilPassed(run, limit);
      expect(seconds).toBeGreaterThanOrEqual(20);
      expect(seconds).toBeLessThanOrEqual(21);
    });

    it('has expired immediately if it expired before this process started', async () => {
      const run = LIMITED[limit]();
      clock.pass(21_000);
      await look(run);
      clock.pass(1);
      expect(deadlines.hasPassed(run.runId, limit)).toBe(true);
    });

    it('expires after at most 20 s if the clock was set back before this process started', async () => {
      const run = LIMITED[limit]();
      clock.jump(-2 * HOUR_MS);
      expect(await secondsUntilPassed(run, limit)).toBe(21);
    });

    it('restarts after an outage of this server', async () => {
      const run = LIMITED[limit]();
      await look(run);
      clock.pass(60_000);
      expect((await look(run)).blockedMs).toBe(60_000);
      const fresh = limit === 'stop' ? 20 : 30;
      expect(await secondsUntilPassed(run, limit)).toBe(fresh + 1);
    });

    it('is not extended for a run that starts after an outage', async () => {
      await look();
      deadlines.noteOutage({ isOwn: true });
      clock.pass(1000);
      const run = LIMITED[limit]();
      expect(await secondsUntilPassed(run, limit)).toBe(21);
    });
  });

  it('does not extend a stop deadline during a stream outage', async () => {
    const run = LIMITED.stop();
    await look(run);
    clock.pass(4000);
    deadlines.noteOutage({ isOwn: false });
    expect(await secondsUntilPassed(run, 'stop')).toBe(17);
  });

  it('treats a failed check as an outage', async () => {
    const run = LIMITED.lease();
    await look(run);
    clock.pass(1000);
    await expect(deadlines.look(() => Promise.reject(new Error('locked')))).rejects.toThrow('locked');
    expect(await secondsUntilPassed(run, 'lease')).toBe(31);
  });

  it('treats a slow check as an outage', async () => {
    const run = LIMITED.lease();
    await look(run);
    await deadlines.look(() => {
      clock.pass(30_000);
      return Promise.resolve([run]);
    });
    expect(deadlines.hasPassed(run.runId, 'lease')).toBe(false);
  });

  it('invalidates a decision after a heartbeat or a delay, and extends the lease', async () => {
    const run = LIMITED.lease();
    await look(run);
    const decided = deadlines.decision(run);
    const heartbeat = { workerId: 'w', attempt: 1, leaseSeconds: 20 };
    clock.pass(500);
    const heard = after(
      run,
      [{ type: 'heartbeat', occurredAt: clock.now(), payload: heartbeat }],
      clock.now(),
    );
    expect([decided.holdsFor(run), decided.holdsFor(heard)]).toEqual([true, false]);
    clock.pass(1000);
    expect(decided.holdsFor(run)).toBe(false);
    decided.noteIfSlow();
    expect(await secondsUntilPassed(run, 'lease')).toBe(31);
  });

  it('grants the full lease after an outage if it is longer than the default', async () => {
    const run = { ...after(startingNow(), [{ ...claim, leaseSeconds: 50 }], clock.now()), finishBy: null };
    await look(run);
    deadlines.noteOutage({ isOwn: true });
    clock.pass(1000);
    expect(await secondsUntilPassed(run, 'lease')).toBe(50);
  });

  it('extends the lease with each heartbeat', async () => {
    let run = LIMITED.lease();
    for (let seconds = 0; seconds < 60; seconds++) {
      const heartbeat = { workerId: 'w', attempt: 1, leaseSeconds: 20 };
      if (seconds % 15 === 0) {
        run = after(run, [{ type: 'heartbeat', occurredAt: clock.now(), payload: heartbeat }], clock.now());
      }
      await look(run);
      expect(deadlines.hasPassed(run.runId, 'lease')).toBe(false);
      clock.pass(1000);
    }
  });

  it.each(JUMPS)('measures the elapsed time of a run if the clock %s', async (_what, ms) => {
    await look();
    clock.pass(1000);
    const run = startingNow();
    clock.pass(500);
    expect(deadlines.elapsedMs(run)).toBe(500);
    await look(run);
    clock.jump(ms);
    clock.pass(10_000);
    expect(deadlines.elapsedMs(run)).toBe(10_500);
  });
});
