import { toCronSchedule } from '../cron/due-times';
import { duePlan } from './due-plan';
import type { Pause } from './pause';

const at = (time: string) => Date.parse(`2026-03-02T${time}Z`);
const hourly = toCronSchedule('0 * * * *', 'UTC');

function plan(more: Partial<Parameters<typeof duePlan>[0]>) {
  return duePlan({
    schedule: hourly,
    afterMs: at('08:00:00'),
    nowMs: at('09:00:00'),
    aliveSinceMs: at('08:10:00'),
    attemptedMs: null,
    catchUp: false,
    isPaused: false,
    pauses: [],
    ...more,
  });
}

function pause(more: Partial<Pause>): Pause {
  const pausedAt = '2026-03-02T08:30:00.000Z';
  return { scope: 'nightly', pausedAt, pausedBy: 'ada', reason: null, until: null, ...more };
}

describe('duePlan', () => {
  it('plans nothing before the next due time', () => {
    expect(plan({ nowMs: at('08:59:59') })).toEqual({ passed: [], startMs: null });
  });

  it('starts a run at its due time', () => {
    expect(plan({})).toEqual({ passed: [], startMs: at('09:00:00') });
  });

  it('starts a run up to a minute late, and misses it after that', () => {
    expect(plan({ nowMs: at('09:01:00') }).startMs).toBe(at('09:00:00'));
    expect(plan({ nowMs: at('09:01:01') })).toEqual({
      passed: [{ outcome: 'missed', older: null, single: [at('09:00:00')] }],
      startMs: null,
    });
  });

  it('misses a due time of the time when the server was down', () => {
    expect(plan({ nowMs: at('09:00:05'), aliveSinceMs: at('09:00:04') })).toEqual({
      passed: [{ outcome: 'missed', older: null, single: [at('09:00:00')] }],
      startMs: null,
    });
  });

  it('starts one run for the newest missed due time with catchUp', () => {
    expect(plan({ nowMs: at('11:30:00'), aliveSinceMs: at('11:29:00'), catchUp: true })).toEqual({
      passed: [{ outcome: 'missed', older: null, single: [at('09:00:00'), at('10:00:00')] }],
      startMs: at('11:00:00'),
    });
  });

  it('tries a start again that failed because of the storage, however late', () => {
    const late = { nowMs: at('09:40:00'), attemptedMs: at('09:00:00') };
    expect(plan(late).startMs).toBe(at('09:00:00'));
    expect(plan({ ...late, nowMs: at('10:00:00') })).toEqual({
      passed: [{ outcome: 'missed', older: null, single: [at('09:00:00')] }],
      startMs: at('10:00:00'),
    });
  });

  it('skips due times during a pause', () => {
    const skipped = {
      passed: [{ outcome: 'skipped-paused', older: null, single: [at('09:00:00')] }],
      startMs: null,
    };
    expect(plan({ pauses: [pause({})], isPaused: true })).toEqual(skipped);
    // The pause has ended since.
    expect(plan({ pauses: [pause({ until: '2026-03-02T09:00:00.001Z' })] })).toEqual(skipped);
  });

  it('starts nothing in a pause that began while a start had to wait', () => {
    const began = pause({ pausedAt: '2026-03-02T09:00:30.000Z' });
    const skipped = {
      passed: [{ outcome: 'skipped-paused', older: null, single: [at('09:00:00')] }],
      startMs: null,
    };
    const late = { pauses: [began], isPaused: true };
    expect(plan({ ...late, nowMs: at('09:00:45') })).toEqual(skipped);
    expect(plan({ ...late, nowMs: at('09:30:00'), attemptedMs: at('09:00:00') })).toEqual(skipped);
  });

  it('starts a run at the moment in which a pause ends, and none for what was due before', () => {
    const ended = pause({ until: '2026-03-02T10:00:00.000Z' });
    expect(plan({ nowMs: at('10:00:00'), pauses: [ended] })).toEqual({
      passed: [{ outcome: 'skipped-paused', older: null, single: [at('09:00:00')] }],
      startMs: at('10:00:00'),
    });
    expect(plan({ nowMs: at('09:59:00'), pauses: [ended], catchUp: true }).startMs).toBeNull();
  });

  it('tells misses before and after a pause from those during it', () => {
    const between = pause({ pausedAt: '2026-03-02T10:00:00.000Z', until: '2026-03-02T12:00:00.000Z' });
    expect(plan({ nowMs: at('13:30:00'), aliveSinceMs: at('13:30:00'), pauses: [between] }).passed).toEqual([
      { outcome: 'missed', older: null, single: [at('09:00:00')] },
      { outcome: 'skipped-paused', older: null, single: [at('10:00:00'), at('11:00:00')] },
      { outcome: 'missed', older: null, single: [at('12:00:00'), at('13:00:00')] },
    ]);
  });

  it('catches up no run while schedules are paused', () => {
    const now = pause({ pausedAt: '2026-03-02T10:30:00.000Z' });
    const down = { nowMs: at('10:40:00'), aliveSinceMs: at('10:39:00'), catchUp: true };
    expect(plan({ ...down, pauses: [now], isPaused: true })).toEqual({
      passed: [{ outcome: 'missed', older: null, single: [at('09:00:00'), at('10:00:00')] }],
      startMs: null,
    });
    expect(plan(down).startMs).toBe(at('10:00:00'));
  });

  it('starts a single run after a backlog, and joins the oldest of many misses', () => {
    const everySecond = toCronSchedule('* * * * * *', 'UTC');
    const { passed, startMs } = plan({
      schedule: everySecond,
      nowMs: at('11:00:00'),
      aliveSinceMs: at('08:00:00'),
    });
    expect(startMs).toBe(at('11:00:00'));
    expect(passed).toHaveLength(1);
    const [{ older, single }] = passed as [(typeof passed)[0]];
    expect(single).toHaveLength(1000);
    expect(single.at(-1)).toBe(at('10:59:59'));
    expect(older).toEqual({
      dueAtMs: at('08:00:01'),
      untilMs: at('10:43:19'),
      count: 3 * 3600 - 1 - 1000,
    });
  });
});
