import { parseQuotaFile } from './quota-file';

const FULL = `quota:
  dailyLimit: 100 # calls
  concurrencyLimit: 3
  resetPolicy:
    timeZone: Europe/Berlin
    resetHour: 9
`;

it('reads the daily limit, the concurrency limit and the reset policy', () =>
  expect(parseQuotaFile(FULL)).toEqual({
    content: {
      dailyLimit: 100,
      concurrencyLimit: 3,
      resetPolicy: { timeZone: 'Europe/Berlin', resetHour: 9 },
    },
  }));

it('accepts JSON', () =>
  expect(
    parseQuotaFile(
      '{"quota": {"dailyLimit": 5, "concurrencyLimit": 2, "resetPolicy": {"timeZone": "UTC", "resetHour": 0}}}',
    ).content,
  ).toMatchObject({ dailyLimit: 5, concurrencyLimit: 2 }));

it('defaults to one concurrent call and a reset at midnight UTC', () =>
  expect(parseQuotaFile('quota: { dailyLimit: 0 }').content).toEqual({
    dailyLimit: 0,
    concurrencyLimit: 1,
    resetPolicy: { timeZone: 'UTC', resetHour: 0 },
  }));

it.each<[string, string, number, RegExp]>([
  ['is empty', '', 1, /mapping/],
  ['is not YAML', 'quota: {', 1, /\S/],
  ['has no quota', 'x-note: a\n', 1, /the file must have "quota"/],
  ['has no limit', 'quota:\n  concurrencyLimit: 1\n', 1, /must have "dailyLimit"/],
  ['has a word for the limit', FULL.replace('100', 'many'), 2, /whole number/],
  ['has a negative limit', FULL.replace('100', '-1'), 2, /"quota\.dailyLimit"/],
  ['allows no concurrent calls', FULL.replace('3', '0'), 3, /"quota\.concurrencyLimit"/],
  [
    'has an unknown time zone',
    FULL.replace('Berlin', 'Atlantis'),
    5,
    /"Europe\/Atlantis" is not a time zone/,
  ],
  ['has an invalid hour', FULL.replace('9', '24'), 6, /"quota\.resetPolicy\.resetHour"/],
  ['has an unknown key', `${FULL}  perHour: 3\n`, 7, /unknown key "perHour"/],
])('is rejected if it %s', (_what, source, line, reason) =>
  expect(parseQuotaFile(source).flaws).toContainEqual({ line, reason: expect.stringMatching(reason) }),
);
