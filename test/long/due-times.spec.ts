import { countDue, dueBetween, newestDue, nextDue, toCronSchedule } from '../../src/cron/due-times';
import { dueTimesOfWalk, walkClock } from '../support/clock-walk';
import { SeededRandom } from '../support/random';

const SEED = Number(process.env.CRON_SEED ?? Date.now() % 1_000_000);
const EXPRESSIONS = Number(process.env.CRON_EXPRESSIONS ?? 20);

/** With the changes that are unlike those of most zones. */
const SPANS = [
  ['Pacific/Apia', '2011-01-01T00:00Z', '2012-12-31T00:00Z', 'has no 30 December 2011'],
  ['Pacific/Kwajalein', '1993-01-01T00:00Z', '1994-01-01T00:00Z', 'has no 21 August 1993'],
  ['Australia/Lord_Howe', '2026-01-01T00:00Z', '2028-01-01T00:00Z', 'changes by 30 minutes'],
  ['Antarctica/Troll', '2026-01-01T00:00Z', '2028-01-01T00:00Z', 'changes by two hours'],
  ['America/Santiago', '2026-01-01T00:00Z', '2028-01-01T00:00Z', 'changes at midnight'],
  ['Africa/Cairo', '2026-01-01T00:00Z', '2028-01-01T00:00Z', 'changes at midnight'],
  ['America/Havana', '2026-01-01T00:00Z', '2028-01-01T00:00Z', 'changes at midnight and at 01:00'],
  ['Africa/Casablanca', '2026-01-01T00:00Z', '2028-01-01T00:00Z', 'changes for Ramadan'],
  ['America/Caracas', '2007-01-01T00:00Z', '2009-01-01T00:00Z', 'changed by 30 minutes for good'],
  ['Asia/Pyongyang', '2015-01-01T00:00Z', '2019-01-01T00:00Z', 'changed by 30 minutes, there and back'],
  ['Asia/Kathmandu', '1985-01-01T00:00Z', '1987-01-01T00:00Z', 'changed by 15 minutes'],
  ['Europe/Dublin', '2026-01-01T00:00Z', '2028-01-01T00:00Z', 'has its standard time in summer'],
  ['Asia/Kolkata', '2026-01-01T00:00Z', '2027-01-01T00:00Z', 'has half an hour in its offset'],
  ['UTC', '2026-01-01T00:00Z', '2030-01-01T00:00Z', 'never changes'],
] as const;

it.each(SPANS)(
  `loses and doubles nothing in %s from %s to %s, which %s (CRON_SEED=${SEED})`,
  (zone, from, until) => {
    const random = new SeededRandom(SEED);
    const walk = walkClock(zone, from, until);
    const [afterMs, untilMs] = [Date.parse(from) - 1, Date.parse(until) - 1];
    for (let index = 0; index < EXPRESSIONS; index += 1) {
      const cron = randomExpression(random);
      const schedule = toCronSchedule(cron, zone);
      const expected = dueTimesOfWalk(walk, cron);
      let at = 0;
      for (const ms of dueBetween(schedule, afterMs, untilMs)) {
        if (ms !== expected[at]) fail(cron, `${iso(expected[at])} expected, ${iso(ms)} found`);
        at += 1;
      }
      if (at !== expected.length) fail(cron, `${iso(expected[at])} expected, nothing found`);

      for (let part = 0; part < 20; part += 1) {
        const [start, end] = [randomTime(), randomTime()].sort((a, b) => a - b) as [number, number];
        const due = within(expected, start, end);
        const limit = random.pick([1, 10, 1000]);
        const { older, newest } = newestDue(schedule, start, end, limit);
        const olderDue = due.slice(0, Math.max(0, due.length - limit));
        expect({ cron, start, end, count: countDue(schedule, start, end), older, newest }).toEqual({
          cron,
          start,
          end,
          count: due.length,
          older:
            olderDue.length === 0
              ? null
              : { dueAtMs: olderDue[0], untilMs: olderDue.at(-1), count: olderDue.length },
          newest: due.slice(-limit),
        });
        if (due.length > 0) expect(nextDue(schedule, start)).toBe(due[0]);
      }
    }

    /** Half of them next to a change of the clocks, where there is one. */
    function randomTime(): number {
      const index = random.integer(1, walk.local.length - 1);
      let near = index;
      if (random.next() < 0.5) {
        while (near < walk.local.length - 1 && walk.local[near]! - walk.local[near - 1]! === 1) near += 1;
        near = Math.max(0, near - random.integer(-90, 90));
      }
      return Math.min(untilMs, walk.startMs + near * 60_000 + random.pick([-1000, -1, 0, 1, 1000, 1500]));
    }
  },
);

function within(times: number[], afterMs: number, untilMs: number): number[] {
  return times.filter((ms) => ms > afterMs && ms <= untilMs);
}

function fail(cron: string, reason: string): never {
  throw new Error(`"${cron}": ${reason}`);
}

function iso(ms: number | undefined): string {
  return ms === undefined ? 'nothing' : new Date(ms).toISOString();
}

/** Changes of the clocks are at small hours, so most expressions have those. */
function randomExpression(random: SeededRandom): string {
  const expression = [
    field(random, 0, 59, 0.2),
    random.next() < 0.5 ? field(random, 0, 3, 0) : field(random, 0, 23, 0.4),
    field(random, 1, 28, 0.7),
    field(random, 1, 12, 0.8),
    field(random, 0, 7, 0.7),
  ];
  if (random.next() < 0.1) expression[2] = random.pick(['L', '31,L', '1,31', '29']);
  return (random.next() < 0.1 ? [field(random, 0, 59, 0), ...expression] : expression).join(' ');
}

function field(random: SeededRandom, min: number, max: number, stars: number): string {
  if (random.next() < stars) return '*';
  const value = () => random.integer(min, max);
  const span = () => [value(), value()].sort((a, b) => a - b).join('-');
  return random.pick([
    () => String(value()),
    () => String(value()),
    () => [value(), value(), value()].join(','),
    span,
    () => `${span()},${value()}`,
    () => `${span()}/${random.integer(1, 5)}`,
    () => `*/${random.integer(2, Math.max(2, Math.min(max, 30)))}`,
  ])();
}
