import { toInstant } from '../clock/clock';
import { isTimeZone, QuotaCalendar, type QuotaDay, quotaDayAt } from './quota-day';

const HOUR_MS = 3_600_000;
const hoursOf = ({ startsAt, endsAt }: { startsAt: string; endsAt: string }) =>
  (Date.parse(endsAt) - Date.parse(startsAt)) / HOUR_MS;
const FROM = '2026-01-01T12:00:00.000Z';
const TO = '2028-01-01T12:00:00.000Z';

/** Returns every quota day of two years, each found from the end of the previous one. */
function walk(timeZone: string, resetHour: number) {
  const days = [quotaDayAt(FROM, { timeZone, resetHour })];
  while (days.at(-1)!.endsAt < TO) days.push(quotaDayAt(days.at(-1)!.endsAt, { timeZone, resetHour }));
  return days;
}

const clocks = new Map<string, Intl.DateTimeFormat>();
/** Returns the local time of a zone, computed independently of the code under test. */
function shown(instant: string, timeZone: string) {
  if (!clocks.has(timeZone)) {
    const options = { timeZone, dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' } as const;
    clocks.set(timeZone, new Intl.DateTimeFormat('en-CA', options));
  }
  const parts = clocks.get(timeZone)!.formatToParts(new Date(instant));
  const of = (type: string) => parts.find((part) => part.type === type)!.value;
  return { date: `${of('year')}-${of('month')}-${of('day')}`, time: `${of('hour')}:${of('minute')}` };
}

/** By zone and hour: the days of two years that do not have 24 hours, and their lengths. */
const CASES: [timeZone: string, resetHour: number, unusual: Record<string, number>][] = [
  // 02:00 is skipped in spring and occurs twice in autumn.
  ['Europe/Berlin', 2, { '2026-03-29': 23, '2026-10-25': 25, '2027-03-28': 23, '2027-10-31': 25 }],
  ['Europe/Berlin', 22, { '2026-03-28': 23, '2026-10-24': 25, '2027-03-27': 23, '2027-10-30': 25 }],
  // 02:00 is skipped, and 01:00 occurs twice.
  ['America/New_York', 1, { '2026-03-08': 23, '2026-11-01': 25, '2027-03-14': 23, '2027-11-07': 25 }],
  ['America/New_York', 2, { '2026-03-08': 23, '2026-10-31': 25, '2027-03-14': 23, '2027-11-06': 25 }],
  // By half an hour: 02:00 is skipped to 02:30, and 01:30 occurs twice.
  [
    'Australia/Lord_Howe',
    2,
    { '2026-04-04': 24.5, '2026-10-04': 23.5, '2027-04-03': 24.5, '2027-10-03': 23.5 },
  ],
  ['Asia/Kathmandu', 5, {}],
  ['UTC', 0, {}],
];

describe.each(CASES)('quota days of two years in %s from %i o’clock', (timeZone, resetHour, unusual) => {
  let days: QuotaDay[];
  beforeAll(() => (days = walk(timeZone, resetHour)));

  it('have the expected length', () => {
    expect(days.length).toBeGreaterThan(729);
    for (const day of days) expect([day.day, hoursOf(day)]).toEqual([day.day, unusual[day.day] ?? 24]);
  });

  it('follow each other without a gap', () => {
    for (const [index, { day, endsAt }] of days.slice(0, -1).entries()) {
      const nextDate = toInstant(Date.parse(`${day}T00:00:00Z`) + 24 * HOUR_MS).slice(0, 10);
      expect(days[index + 1]).toMatchObject({ day: nextDate, startsAt: endsAt });
    }
  });

  it('contain all their instants, up to the last', () => {
    for (const day of days) {
      const last = toInstant(Date.parse(day.endsAt) - 1);
      expect(quotaDayAt(last, { timeZone, resetHour })).toEqual(day);
    }
  });

  it('start when the local clock shows the hour for the first time', () => {
    const expected = `${String(resetHour).padStart(2, '0')}:00`;
    for (const { day, startsAt } of days) {
      const { date, time } = shown(startsAt, timeZone);
      const before = shown(toInstant(Date.parse(startsAt) - 1), timeZone);
      expect(date).toBe(day);
      // If the hour does not exist on this date, the clocks skipped it at this moment.
      if (time !== expected) expect(before.time < expected && expected < time).toBe(true);
      else if (before.date === day) expect(before.time < expected).toBe(true);
    }
  });
});

describe('quota day', () => {
  it('starts late if its hour is skipped', () =>
    expect(quotaDayAt('2026-03-29T10:00:00.000Z', { timeZone: 'Europe/Berlin', resetHour: 2 })).toEqual({
      day: '2026-03-29',
      startsAt: '2026-03-29T01:00:00.000Z', // 03:00 summer time
      endsAt: '2026-03-30T00:00:00.000Z',
    }));

  it('starts at the first of two equal local hours, and only once', () => {
    const policy = { timeZone: 'Europe/Berlin', resetHour: 2 };
    const first = quotaDayAt('2026-10-25T00:00:00.000Z', policy);
    expect(first).toEqual({
      day: '2026-10-25',
      startsAt: '2026-10-25T00:00:00.000Z', // 02:00 summer time
      endsAt: '2026-10-26T01:00:00.000Z',
    });
    expect(quotaDayAt('2026-10-25T01:00:00.000Z', policy)).toEqual(first); // 02:00 again, winter time
  });

  it('is omitted if the time zone skipped that date', () => {
    // Samoa skipped from the 29th to the 31st of December 2011.
    const policy = { timeZone: 'Pacific/Apia', resetHour: 0 };
    const before = quotaDayAt('2011-12-30T09:59:59.999Z', policy);
    const after = quotaDayAt(before.endsAt, policy);
    expect([before.day, after.day]).toEqual(['2011-12-29', '2011-12-31']);
    expect(after.startsAt).toBe(before.endsAt);
  });
});

it('is the same from QuotaCalendar, independent of earlier calls', () => {
  const policy = { timeZone: 'America/New_York', resetHour: 2 };
  const calendar = new QuotaCalendar(policy);
  for (const instant of [
    '2026-03-08T06:59:59.999Z',
    '2026-03-08T07:00:00.000Z',
    '2026-03-07T07:00:00.000Z',
  ]) {
    expect(calendar.dayAt(instant)).toEqual(quotaDayAt(instant, policy));
  }
});

it('isTimeZone recognizes time zone names', () => {
  expect(['Europe/Berlin', 'UTC', 'Asia/Kathmandu'].map(isTimeZone)).toEqual([true, true, true]);
  expect(['Europe/Atlantis', '', 'local', '2026-01-01'].map(isTimeZone)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
