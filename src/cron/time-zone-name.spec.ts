import { timeZoneName } from './time-zone-name';

it.each<[string, string | null]>([
  ['UTC', 'UTC'],
  ['utc', 'UTC'],
  ['Europe/Berlin', 'Europe/Berlin'],
  ['europe/berlin', 'Europe/Berlin'],
  ['Asia/Kolkata', 'Asia/Kolkata'],
  ['Asia/Calcutta', 'Asia/Calcutta'],
  ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ['America/Port-au-Prince', 'America/Port-au-Prince'],
  ['Etc/GMT+5', 'Etc/GMT+5'],
  ['Mars/Olympus', null],
  ['Berlin', null],
  ['+01:00', null],
  ['2026-01-01T00:00[Europe/Berlin]', null],
  ['', null],
])('reads %j as %j', (text, name) => expect(timeZoneName(text)).toBe(name));
