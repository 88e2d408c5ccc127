import { validate, version } from 'uuid';
import { FakeClock } from '../../test/support/fake-clock';
import { SeededRandom } from '../../test/support/random';
import { lowestRunIdAt, RunIds } from './run-id';

const NOON = Date.parse('2026-03-01T12:00:00.000Z');
const HOUR_MS = 3_600_000;

function startingAt(ms: number, newest: string | null = null) {
  const clock = new FakeClock(ms);
  return { clock, ids: new RunIds(clock, newest) };
}

function idAt(ms: number): string {
  return startingAt(ms).ids.next().runId;
}

describe('run IDs', () => {
  it('are version 7 UUIDs', () => {
    const id = idAt(NOON);
    expect(validate(id) && version(id)).toBe(7);
  });

  it('increase within a millisecond, for 100,000 IDs', () => {
    const { ids } = startingAt(NOON);
    const made = Array.from({ length: 100_000 }, () => ids.next().runId);
    expect(made).toEqual([...made].sort());
    expect(new Set(made).size).toBe(made.length);
  });

  it('increase despite clock jumps', () => {
    const random = new SeededRandom(7);
    const { clock, ids } = startingAt(NOON);
    const made = Array.from({ length: 5000 }, () => {
      clock.jump(random.integer(-60_000, 60_000));
      return ids.next().runId;
    });
    expect(made).toEqual([...made].sort());
    expect(new Set(made).size).toBe(made.length);
  });

  it('continue from the latest time after the clock is set back, until the clock catches up', () => {
    const { clock, ids } = startingAt(NOON);
    const before = ids.next();
    clock.jump(-HOUR_MS);
    const back = ids.next();
    clock.pass(HOUR_MS + 1);
    const caughtUp = ids.next();
    expect(back.runId > before.runId).toBe(true);
    expect(back.runId.slice(0, 13)).toBe(before.runId.slice(0, 13));
    expect(caughtUp.runId >= lowestRunIdAt(NOON + 1)).toBe(true);
    expect([before, back, caughtUp].map(({ idIsAhead }) => idIsAhead)).toEqual([0, 1, 0]);
    expect(back.startedAtMs).toBe(NOON - HOUR_MS);
  });

  it.each([-HOUR_MS, 0, 1, HOUR_MS])('are greater than the newest stored ID, %d ms after it', (ms) => {
    const { ids } = startingAt(NOON);
    const stored = Array.from({ length: 1000 }, () => ids.next().runId);
    const after = startingAt(NOON + ms, stored.at(-1)).ids;
    const made = Array.from({ length: 1000 }, () => after.next().runId);
    const all = [...stored, ...made];
    expect(all).toEqual([...all].sort());
    expect(new Set(all).size).toBe(all.length);
  });

  it('differ between two processes in the same millisecond', () => expect(idAt(NOON)).not.toBe(idAt(NOON)));
});

describe('lowestRunIdAt', () => {
  it('returns a version 7 UUID', () => {
    const id = lowestRunIdAt(NOON);
    expect(validate(id) && version(id)).toBe(7);
  });

  it.each([0, 1, NOON - 1, NOON, 2 ** 48 - 2])(
    'separates IDs before the millisecond %d from later ones',
    (at) => {
      const { ids } = startingAt(at);
      const before = at === 0 ? '' : idAt(at - 1);
      const first = ids.next().runId;
      expect(before < lowestRunIdAt(at)).toBe(true);
      expect(first >= lowestRunIdAt(at)).toBe(true);
      expect(ids.next().runId < lowestRunIdAt(at + 1)).toBe(true);
    },
  );

  it('clamps times that an ID cannot represent', () => {
    expect(lowestRunIdAt(-5)).toBe('00000000-0000-7000-8000-000000000000');
    expect(lowestRunIdAt(Number.MAX_SAFE_INTEGER)).toBe('ffffffff-ffff-7000-8000-000000000000');
  });
});
