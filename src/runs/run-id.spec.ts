import { validate, version } from 'uuid';
import { SeededRandom } from '../../test/support/random';
import { lowestRunIdAt, RunIds, startOfRun } from './run-id';

const NOON = Date.parse('2026-03-01T12:00:00.000Z');

describe('run ids', () => {
  it('are UUIDs of version 7', () => {
    const id = new RunIds().next(NOON);
    expect(validate(id) && version(id)).toBe(7);
  });

  it('rise within a millisecond, 100,000 times over', () => {
    const ids = new RunIds();
    const made = Array.from({ length: 100_000 }, () => ids.next(NOON));
    expect(made).toEqual([...made].sort());
    expect(new Set(made).size).toBe(made.length);
  });

  it('rise whatever the clock does', () => {
    const random = new SeededRandom(7);
    const ids = new RunIds();
    const made = Array.from({ length: 5000 }, () => ids.next(NOON + random.integer(-60_000, 60_000)));
    expect(made).toEqual([...made].sort());
    expect(new Set(made).size).toBe(made.length);
  });

  it('go on from the latest time when the clock is set back, and with the clock once it has caught up', () => {
    const ids = new RunIds();
    const before = ids.next(NOON);
    const back = ids.next(NOON - 3_600_000);
    const caughtUp = ids.next(NOON + 1);
    expect(back > before).toBe(true);
    expect(back.slice(0, 13)).toBe(before.slice(0, 13));
    expect(caughtUp >= lowestRunIdAt(NOON + 1)).toBe(true);
  });

  it('differ between two processes in the same millisecond', () =>
    expect(new RunIds().next(NOON)).not.toBe(new RunIds().next(NOON)));
});

describe('lowestRunIdAt', () => {
  it('is a UUID of version 7', () => {
    const id = lowestRunIdAt(NOON);
    expect(validate(id) && version(id)).toBe(7);
  });

  it.each([0, 1, NOON - 1, NOON, 2 ** 48 - 2])(
    'divides the ids before the millisecond %d from those at it',
    (at) => {
      const ids = new RunIds();
      const before = at === 0 ? '' : new RunIds().next(at - 1);
      const first = ids.next(at);
      expect(before < lowestRunIdAt(at)).toBe(true);
      expect(first >= lowestRunIdAt(at)).toBe(true);
      expect(ids.next(at) < lowestRunIdAt(at + 1)).toBe(true);
    },
  );

  it('holds times that no id can carry within those that it can', () => {
    expect(lowestRunIdAt(-5)).toBe('00000000-0000-7000-8000-000000000000');
    expect(lowestRunIdAt(Number.MAX_SAFE_INTEGER)).toBe('ffffffff-ffff-7000-8000-000000000000');
  });
});

describe('startOfRun', () => {
  it.each([0, NOON, 2 ** 48 - 1])('reads %d from the id that was made then', (at) =>
    expect(startOfRun(new RunIds().next(at))).toBe(at),
  );
});
