import { aNewRun, after, START } from '../../test/support/a-run';
import { FakeClock } from '../../test/support/fake-clock';
import type { Run } from '../runs/run';
import { type Limit, type RecordedDeadlines, RunDeadlines } from './run-deadlines';
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
  let stored: RecordedDeadlines | null;

  beforeEach(() => {
    clock = new FakeClock(Date.parse(START));
    deadlines = new RunDeadlines(clock);
    stored = null;
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

  /** Stores a due record, like the recorder. */
  function storeIfDue(): void {
    const record = deadlines.takeDueRecord();
    if (record) stored = JSON.parse(JSON.stringify(record)) as RecordedDeadlines;
  }

  function restart(...runs: Run[]): void {
    deadlines = new RunDeadlines(clock);
    deadlines.restore(runs, stored);
    storeIfDue();
  }

  async function lookAndStore(...runs: Run[]): Promise<void> {
    clock.pass(1000);
    await look(...runs);
    storeIfDue();
  }

  /** Looks every second, like the watch. @returns the number of seconds until the limit has passed */
  async function secondsUntilPassed(run: Run, limit: Limit, ...others: Run[]): Promise<number> {
    for (let seconds = 0; seconds < 100; seconds++) {
      await look(run, ...others);
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

  describe.each(LIMITS)('limit %s of 20 s after a restart', (limit) => {
    beforeEach(() => restart());

    it.each(JUMPS)(
      'counts the time before it if the clock %s while the server is down',
      async (_what, ms) => {
        const run = LIMITED[limit]();
        await lookAndStore(run);
        clock.jump(ms);
        clock.pass(4000);
        restart(run);
        expect(await secondsUntilPassed(run, limit)).toBe(16);
      },
    );

    it.each(JUMPS)(
      'counts the time before it if the clock %s before the server goes down',
      async (_what, ms) => {
        const run = LIMITED[limit]();
        await lookAndStore(run);
        clock.jump(ms);
        await lookAndStore(run);
        clock.pass(3000);
        restart(run);
        expect(await secondsUntilPassed(run, limit)).toBe(16);
      },
    );

    it.each(JUMPS)(
      'counts the time before it if the clock %s and is correct again later',
      async (_what, ms) => {
        const early = LIMITED[limit]();
        await lookAndStore(early);
        clock.jump(ms);
        await lookAndStore(early);
        const late = { ...LIMITED[limit](), runId: 'late' };
        await lookAndStore(early, late);
        clock.jump(-ms);
        clock.pass(2000);
        restart(early, late);
        expect(await secondsUntilPassed(early, limit, late)).toBe(16);
        expect(await secondsUntilPassed(late, limit)).toBe(2);
      },
    );

    it.each(JUMPS)('counts the time before it if the clock %s before the first look', async (_what, ms) => {
      await lookAndStore();
      const run = LIMITED[limit]();
      clock.jump(ms);
      // The first look reads the runs before this one is committed.
      await lookAndStore();
      await lookAndStore(run);
      clock.pass(3000);
      restart(run);
      const seconds = await secondsUntilPassed(run, limit);
      expect(seconds).toBeGreaterThanOrEqual(16);
      expect(seconds).toBeLessThanOrEqual(18);
    });

    it.each(JUMPS)('ends nothing early if the clock %s immediately before a crash', async (_what, ms) => {
      clock.jump(ms);
      const run = LIMITED[limit]();
      restart(run);
      expect(await secondsUntilPassed(run, limit)).toBeGreaterThanOrEqual(20);
    });

    it('uses the wall clock after a boot', async () => {
      const run = LIMITED[limit]();
      await lookAndStore(run);
      clock.reboot();
      clock.pass(4000);
      restart(run);
      expect(await secondsUntilPassed(run, limit)).toBe(16);
    });

    it('ignores a record from the future of its monotonic clock', async () => {
      const run = LIMITED[limit]();
      clock.pass(60_000);
      await lookAndStore(run);
      clock.reboot();
      clock.bootId = stored!.bootId;
      restart(run);
      expect(await secondsUntilPassed(run, limit)).toBe(1);
    });
  });

  it('takes a record at start-up and when the clock was set, and no others', async () => {
    restart();
    await look();
    expect(deadlines.takeDueRecord()).toBeNull();
    const run = startingNow();
    clock.pass(1000);
    await look(run);
    expect(deadlines.takeDueRecord()).toBeNull();
    clock.jump(HOUR_MS);
    await look(run);
    expect(deadlines.takeDueRecord()).not.toBeNull();
    expect(deadlines.takeDueRecord()).toBeNull();
    deadlines.recordAgain();
    expect(deadlines.takeDueRecord()).not.toBeNull();
  });

  it('takes no record before it has read the runs', () => {
    expect(deadlines.takeDueRecord()).toBeNull();
  });

  it('takes no record without a boot id', () => {
    clock.bootId = null;
    deadlines.restore([], null);
    expect(deadlines.takeDueRecord()).toBeNull();
  });

  it('measures the elapsed time of a run across restarts while the clock is set', async () => {
    restart();
    const run = startingNow();
    await lookAndStore(run);
    clock.jump(2 * HOUR_MS);
    restart(run);
    clock.jump(-4 * HOUR_MS);
    restart(run);
    clock.pass(500);
    expect(deadlines.elapsedMs(run)).toBe(1500);
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
