import { isTimeZoneName, whyNoCron } from './schedule-rules';

it.each([
  '0 22 * * *',
  '*/5 9-17 * * MON-FRI',
  '30 0 22 * * *',
  '0 0 29 2 *',
  '0 0 L * *',
  ' 0  22 * * * ',
  '@hourly',
  '@daily',
  '@weekly',
  '@monthly',
])('accepts %j', (expression) => expect(whyNoCron(expression)).toBeNull());

it.each<[string, RegExp]>([
  ['', /has 0 fields, not 5/],
  ['0', /has 1 field, not 5/],
  ['0 22 * *', /has 4 fields, not 5 \(minute, hour, day, month, weekday\) or 6/],
  ['0 0 0 22 * * *', /has 7 fields/],
  ['61 * * * *', /minute: 61/],
  ['0 25 * * *', /hour: 25/],
  ['0 0 * * 8', /dayOfWeek: 8/],
  ['every day at ten o’clock', /has 5 fields|is not a cron expression/],
  ['*/0 * * * *', /is not a cron expression/],
  ['0 0 30 2 *', /never matches a date/],
  ['2026-01-01T00:00:00', /has 1 field/],
  ['@reboot', /is not one of @hourly/],
  ['@every 5m', /is not one of @hourly/],
])('explains why %j is invalid', (expression, reason) => expect(whyNoCron(expression)).toMatch(reason));

it.each([
  ['UTC', true],
  ['Europe/Berlin', true],
  ['America/Argentina/Buenos_Aires', true],
  ['Mars/Olympus', false],
  ['Berlin', false],
  ['', false],
])('recognizes %j as a time zone: %s', (name, expected) => expect(isTimeZoneName(name)).toBe(expected));
