import { Cron } from 'croner';
import { type CronExpression, NICKNAMES, parseCron } from './cron-expression';
import { dueBetween } from './due-times';

function expression(text: string): CronExpression {
  const parsed = parseCron(text);
  if ('flaw' in parsed) throw new Error(parsed.flaw);
  return parsed.expression;
}

it.each<[string, Partial<CronExpression>]>([
  ['5 22 1 2 3', { seconds: [0], minutes: [5], hours: [22], days: [1], months: [2], weekdays: [3] }],
  ['7 5 22 1 2 3', { seconds: [7], minutes: [5], hours: [22] }],
  [' 0  22 * * * ', { minutes: [0], hours: [22] }],
  ['*/20 * * * *', { minutes: [0, 20, 40], fixedHours: false }],
  ['10-30/10,5 9-11 * * *', { minutes: [5, 10, 20, 30], hours: [9, 10, 11], fixedHours: true }],
  ['0 8-12/2 * * *', { hours: [8, 10, 12], fixedHours: false }],
  ['0 0-23 * * *', { fixedHours: false }],
  ['0 0 * JAN,jul-Sep *', { months: [1, 7, 8, 9] }],
  ['0 0 * * 0', { weekdays: [0] }],
  ['0 0 * * 7', { weekdays: [0] }],
  ['0 0 * * sun', { weekdays: [0] }],
  ['0 0 * * FRI-SUN', { weekdays: [0, 5, 6] }],
  ['0 0 * * 5-7', { weekdays: [0, 5, 6] }],
  ['0 0 * * */2', { weekdays: [0, 2, 4, 6] }],
  ['0 0 L * *', { days: [], lastDay: true }],
  ['0 0 15,L * *', { days: [15], lastDay: true }],
  ['0 0 13 * FRI', { eitherDay: true }],
  ['0 0 13 * *', { eitherDay: false }],
  ['0 0 */2 * FRI', { eitherDay: false }],
  ['0 0 29 2 *', { days: [29], months: [2] }],
  ['0 0 30 2 1', { eitherDay: true }],
])('reads %j', (text, values) => expect(expression(text)).toMatchObject(values));

it.each([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
])('reads %s as %j', (nickname, text) => expect(expression(nickname)).toEqual(expression(text)));

const NO_CRON = 'is not a cron expression: ';
it.each<[string, string]>([
  ['', 'has 0 fields, not 5 (minute, hour, day, month, weekday) or 6 (second first)'],
  ['0', 'has 1 field, not 5 (minute, hour, day, month, weekday) or 6 (second first)'],
  ['0 22 * *', 'has 4 fields, not 5 (minute, hour, day, month, weekday) or 6 (second first)'],
  ['0 0 0 22 * * *', 'has 7 fields, not 5 (minute, hour, day, month, weekday) or 6 (second first)'],
  ['@reboot', 'is not one of @hourly, @daily, @weekly, @monthly'],
  ['@every 5m', 'is not one of @hourly, @daily, @weekly, @monthly'],
  ['@Daily', 'is not one of @hourly, @daily, @weekly, @monthly'],
  ['@toString', 'is not one of @hourly, @daily, @weekly, @monthly'],
  ['60 * * * *', `${NO_CRON}minute "60" is not from 0 to 59`],
  ['60 * * * * *', `${NO_CRON}second "60" is not from 0 to 59`],
  ['0 24 * * *', `${NO_CRON}hour "24" is not from 0 to 23`],
  ['0 0 0 * *', `${NO_CRON}day "0" is not from 1 to 31`],
  ['0 0 1 13 *', `${NO_CRON}month "13" is not from 1 to 12 or JAN to DEC`],
  ['0 0 * janfeb *', `${NO_CRON}month "janfeb" is not from 1 to 12 or JAN to DEC`],
  ['0 0 * * 8', `${NO_CRON}weekday "8" is not from 0 to 7 or SUN to SAT`],
  ['0 0 * * sunday', `${NO_CRON}weekday "sunday" is not from 0 to 7 or SUN to SAT`],
  ['0 22-2 * * *', `${NO_CRON}hour "22-2" ends before it starts`],
  ['0 0 * * FRI-MON', `${NO_CRON}weekday "FRI-MON" ends before it starts`],
  ['5/15 * * * *', `${NO_CRON}minute "5/15" has a step without a range. Write 5-59/15`],
  ['*/0 * * * *', `${NO_CRON}the step of minute "*/0" is not from 1 to 59`],
  ['*/70 * * * *', `${NO_CRON}the step of minute "*/70" is not from 1 to 59`],
  ['1,,2 * * * *', `${NO_CRON}minute "" is not valid`],
  ['0 0 L, * *', `${NO_CRON}day "" is not valid`],
  ['-5 * * * *', `${NO_CRON}minute "-5" is not valid`],
  ['1-2-3 * * * *', `${NO_CRON}minute "1-2-3" is not valid`],
  ['*/5/2 * * * *', `${NO_CRON}minute "*/5/2" is not valid`],
  ['1.5 * * * *', `${NO_CRON}minute "1.5" is not valid`],
  ['٣ * * * *', `${NO_CRON}minute "٣" is not valid`],
  ['every day at ten o’clock', `${NO_CRON}hour "day" is not from 0 to 23`],
  ...['? * * * *', '0 0 15W * *', '0 0 L-3 * *', '0 0 * * 5L', '0 0 * * MON#2', '0 0 * * L'].map(
    (text): [string, string] => {
      const item = text.split(' ').find((field) => /[?WL#]/.test(field) && field !== '*')!;
      const field = ['minute', 'hour', 'day', 'month', 'weekday'][text.split(' ').indexOf(item)];
      return [
        text,
        `${NO_CRON}${field} "${item}" is an extension. The only supported one is the day L, the last of the month`,
      ];
    },
  ),
  ['0 0 30 2 *', 'never matches a date'],
  ['0 0 31 4,6,9,11 *', 'never matches a date'],
])('reports that %j %s', (text, flaw) => expect(parseCron(text)).toEqual({ flaw }));

it('matches the same times as croner in a zone without changes of the clocks', () => {
  const afterMs = Date.parse('2026-11-30T12:34:56Z');
  for (const text of [
    '*/7 3-20/4 * * *',
    '1,2,50-59/3 22 1-7,28 * *',
    '0 0 13 * FRI',
    '15 10 L 2,MAY-JUL *',
    '*/25 5 12 * * 6-7',
    '0 0 29 2 *',
    '0 0 31 * 1,3',
    ...Object.keys(NICKNAMES),
  ]) {
    const expected = new Cron(text, { paused: true, timezone: 'UTC' }).nextRuns(200, new Date(afterMs));
    const schedule = { expression: expression(text), timeZone: 'UTC' };
    const found = dueBetween(schedule, afterMs, expected.at(-1)!.getTime());
    expect([text, ...found]).toEqual([text, ...expected.map((date) => date.getTime())]);
  }
});
