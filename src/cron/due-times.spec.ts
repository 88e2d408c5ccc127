import { Temporal } from '@js-temporal/polyfill';
import { dueTimesOfWalk, walkClock } from '../../test/support/clock-walk';
import { repetitions } from '../../test/support/repetitions';
import { countDue, dueBetween, newestDue, nextDue, toCronSchedule } from './due-times';

const at = (zoned: string) => Temporal.Instant.from(zoned).epochMilliseconds;

/** Returns the due times of a span as local times of the zone, with the offset. */
function due(cron: string, timeZone: string, after: string, until: string): string[] {
  return [...dueBetween(toCronSchedule(cron, timeZone), at(after), at(until))].map((ms) =>
    Temporal.Instant.fromEpochMilliseconds(ms)
      .toZonedDateTimeISO(timeZone)
      .toString({ timeZoneName: 'never', smallestUnit: 'minute' }),
  );
}

describe('when the clocks go forward', () => {
  const berlin = (cron: string) =>
    due(cron, 'Europe/Berlin', '2026-03-29T00:30+01:00', '2026-03-29T04:30+02:00');

  it.each<[string, string[]]>([
    ['30 2 * * *', ['03:00+02:00']],
    // Several skipped times are due once.
    ['*/15 2 * * *', ['03:00+02:00']],
    ['30 0,30 2 * * *', ['03:00+02:00']],
    // The moment of the change is due itself.
    ['30 1,2,3 * * *', ['01:30+01:00', '03:00+02:00', '03:30+02:00']],
    ['0 2,3 * * *', ['03:00+02:00']],
    ['0,30 1-3 * * *', ['01:00+01:00', '01:30+01:00', '03:00+02:00', '03:30+02:00']],
    // These follow elapsed time.
    ['0 * * * *', ['01:00+01:00', '03:00+02:00', '04:00+02:00']],
    ['30 */2 * * *', ['04:30+02:00']],
    ['0 0-23 * * *', ['01:00+01:00', '03:00+02:00', '04:00+02:00']],
    [
      '*/30 * * * *',
      ['01:00+01:00', '01:30+01:00', '03:00+02:00', '03:30+02:00', '04:00+02:00', '04:30+02:00'],
    ],
  ])('"%s" is due at %j', (cron, times) =>
    expect(berlin(cron)).toEqual(times.map((time) => `2026-03-29T${time}`)),
  );

  it('fires on the day of which midnight is skipped', () => {
    expect(due('@daily', 'America/Santiago', '2026-09-05T12:00-04:00', '2026-09-07T12:00-03:00')).toEqual([
      '2026-09-06T01:00-03:00',
      '2026-09-07T00:00-03:00',
    ]);
    expect(due('@daily', 'Africa/Cairo', '2026-04-23T12:00+02:00', '2026-04-24T12:00+03:00')).toEqual([
      '2026-04-24T01:00+03:00',
    ]);
  });

  it('fires once after a whole day that does not exist', () => {
    const apia = (cron: string) =>
      due(cron, 'Pacific/Apia', '2011-12-29T01:00-10:00', '2012-01-01T01:00+14:00');
    expect(apia('0 12 * * *')).toEqual([
      '2011-12-29T12:00-10:00',
      '2011-12-31T00:00+14:00',
      '2011-12-31T12:00+14:00',
    ]);
    expect(apia('@daily')).toEqual(['2011-12-31T00:00+14:00', '2012-01-01T00:00+14:00']);
    expect(apia('0 7 30 12 *')).toEqual(['2011-12-31T00:00+14:00']);
  });

  it('follows shifts of 30 minutes and of two hours', () => {
    expect(
      due('10 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00+10:30', '2026-10-04T12:00+11:00'),
    ).toEqual(['2026-10-04T02:30+11:00']);
    expect(
      due('0 1,2 * * *', 'Antarctica/Troll', '2026-03-28T12:00+00:00', '2026-03-29T12:00+02:00'),
    ).toEqual(['2026-03-29T03:00+02:00']);
  });
});

describe('when the clocks go back', () => {
  const berlin = (cron: string) =>
    due(cron, 'Europe/Berlin', '2026-10-25T01:30+02:00', '2026-10-25T03:15+01:00');

  it.each<[string, string[]]>([
    ['30 2 * * *', ['02:30+02:00']],
    ['*/30 2 * * *', ['02:00+02:00', '02:30+02:00']],
    ['0 2,3 * * *', ['02:00+02:00', '03:00+01:00']],
    ['0 * * * *', ['02:00+02:00', '02:00+01:00', '03:00+01:00']],
    ['0 */2 * * *', ['02:00+02:00', '02:00+01:00']],
    [
      '*/20 * * * *',
      [
        '01:40+02:00',
        '02:00+02:00',
        '02:20+02:00',
        '02:40+02:00',
        '02:00+01:00',
        '02:20+01:00',
        '02:40+01:00',
        '03:00+01:00',
      ],
    ],
  ])('"%s" is due at %j', (cron, times) =>
    expect(berlin(cron)).toEqual(times.map((time) => `2026-10-25T${time}`)),
  );

  it('fires in a repeated hour after which no other time matches for months', () =>
    expect(
      due('30 1-1/2 31,L * */4', 'Europe/Dublin', '2027-10-30T12:00+01:00', '2027-11-30T12:00+00:00'),
    ).toEqual(['2027-10-31T01:30+01:00', '2027-10-31T01:30+00:00']));

  it('fires once at a midnight that comes twice', () =>
    expect(
      due('30 23 * * *', 'America/Santiago', '2026-04-04T12:00-03:00', '2026-04-05T12:00-04:00'),
    ).toEqual(['2026-04-04T23:30-03:00']));
});

it.each<[string, string, string]>([
  ['0 0 13 * 5', '2026-11-01T00:00Z', '2026-11-06T00:00Z'],
  ['0 0 13 * 5', '2026-11-06T00:00Z', '2026-11-13T00:00Z'],
  ['0 0 12 * 5', '2026-11-06T00:00Z', '2026-11-12T00:00Z'],
  ['0 0 */2 * 1', '2026-11-01T00:00Z', '2026-11-09T00:00Z'],
  ['0 0 L * *', '2027-02-01T00:00Z', '2027-02-28T00:00Z'],
  ['0 0 29 2 *', '2096-03-01T00:00Z', '2104-02-29T00:00Z'],
  ['0 0 29 2 */6', '2088-03-01T00:00Z', '2116-02-29T00:00Z'],
  ['59 59 23 31 12 *', '2026-11-01T00:00Z', '2026-12-31T23:59:59Z'],
  ['* * * * * *', '2026-11-01T00:00:00.001Z', '2026-11-01T00:00:01Z'],
])('"%s" after %s is next due at %s', (cron, after, next) =>
  expect(nextDue(toCronSchedule(cron, 'UTC'), at(after))).toBe(at(next)),
);

describe('compared with a walk through each minute of two years', () => {
  const [from, until] = ['2026-01-01T00:00Z', '2028-01-01T00:00Z'];
  const EXPRESSIONS = [
    '*/10 * * * *',
    '7-59/13 * * * *',
    '0 * * * *',
    '0 */2 * * *',
    '30 1-23/3 * * *',
    '0 0 * * *',
    '0 1 * * *',
    '15 2 * * *',
    '*/15 2 * * *',
    '59 1,2,3 * * *',
    '*/20 0-3 * * *',
    '0 2 * * 6,7',
    '0 0 1 * *',
    '0 0 L * *',
    '0 0 31 * 5',
    '5 4 */3 * 1',
    '0 9-17 * * MON-FRI',
    '0 0 29 2 *',
    '0 2 * MAR,APR,SEP-NOV *',
    '30 */15 0-6/2 * * *',
    '0,10 30 2 * * *',
    '5 0 0 * * *',
  ];

  const ZONES = ['Europe/Berlin', 'UTC', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago'];

  it.each(ZONES.slice(0, repetitions(1, ZONES.length)))('loses and doubles nothing in %s', (timeZone) => {
    const walk = walkClock(timeZone, from, until);
    for (const cron of EXPRESSIONS) {
      const schedule = toCronSchedule(cron, timeZone);
      const [afterMs, untilMs] = [at(from) - 1, at(until) - 1];
      const expected = dueTimesOfWalk(walk, cron);
      const found = [...dueBetween(schedule, afterMs, untilMs)];
      expect({ cron, ...difference(expected, found) }).toEqual({ cron, lost: [], added: [] });
      expect({ cron, count: countDue(schedule, afterMs, untilMs) }).toEqual({
        cron,
        count: expected.length,
      });
      const { older, newest } = newestDue(schedule, afterMs, untilMs, 100);
      expect({ cron, newest }).toEqual({ cron, newest: expected.slice(-100) });
      const count = Math.max(0, expected.length - 100);
      expect(older).toEqual(
        count === 0 ? null : { dueAtMs: expected[0], untilMs: expected[count - 1], count },
      );
    }
  });
});

it('counts and splits an expression of every second over two years without visiting each', () => {
  const schedule = toCronSchedule('* * * * * *', 'Europe/Berlin');
  const [afterMs, untilMs] = [at('2026-01-01T00:00Z'), at('2028-01-01T00:00Z')];
  const seconds = (untilMs - afterMs) / 1000;
  const started = performance.now();
  const { older, newest } = newestDue(schedule, afterMs, untilMs, 1000);
  expect(performance.now() - started).toBeLessThan(1000);
  expect(older).toEqual({
    dueAtMs: afterMs + 1000,
    untilMs: untilMs - 1_000_000,
    count: seconds - 1000,
  });
  expect(newest).toEqual(Array.from({ length: 1000 }, (_, index) => untilMs - 999_000 + index * 1000));
});

it('yields due times one by one, so that a reader can stop', () => {
  const all = dueBetween(
    toCronSchedule('* * * * * *', 'UTC'),
    at('2026-01-01T00:00Z'),
    at('9999-01-01T00:00Z'),
  );
  expect(all.next().value).toBe(at('2026-01-01T00:00:01Z'));
  expect(all.next().value).toBe(at('2026-01-01T00:00:02Z'));
});

it('throws for an expression that was not checked', () =>
  expect(() => toCronSchedule('61 * * * *', 'UTC')).toThrow('"61 * * * *" is not a cron expression'));

/** Compares two ascending lists. Jest would need minutes for the difference of a million numbers. */
function difference(expected: number[], found: number[]): { lost: string[]; added: string[] } {
  if (expected.length === found.length && expected.every((ms, index) => ms === found[index])) {
    return { lost: [], added: [] };
  }
  const only = (list: number[], other: Set<number>) =>
    list.filter((ms, index) => !other.has(ms) || list[index - 1] === ms).slice(0, 3);
  const text = (ms: number) => new Date(ms).toISOString();
  return {
    lost: only(expected, new Set(found)).map(text),
    added: only(found, new Set(expected)).map(text),
  };
}
