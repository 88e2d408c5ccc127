import { aProject, aSchedule } from '../../test/support/a-run';
import { nextStartOf, nextStartOfProject } from './next-start';

const ms = (text: string) => Date.parse(`${text}Z`);

it('is the first due time after now, also after the clock was set back', () => {
  const entry = aSchedule({ cron: '0 2 * * *' });
  expect(nextStartOf(entry, ms('2026-03-01T01:00'))).toBe(ms('2026-03-01T02:00'));
  expect(nextStartOf(entry, ms('2026-03-01T01:59'))).toBe(ms('2026-03-01T02:00'));
  expect(nextStartOf(entry, ms('2026-03-01T02:00'))).toBe(ms('2026-03-02T02:00'));
  expect(nextStartOf(entry, ms('2026-02-01T10:00'))).toBe(ms('2026-02-02T02:00'));
});

it('is the earliest of the enabled schedules of a project', () => {
  const schedules = [
    aSchedule({ name: 'weekly', cron: '@weekly' }),
    aSchedule({ name: 'night', cron: '0 2 * * *' }),
    aSchedule({ name: 'off', cron: '* * * * *', isEnabled: false }),
  ];
  const now = ms('2026-03-03T12:00');
  expect(nextStartOfProject(aProject({ schedules }), now)).toBe(ms('2026-03-04T02:00'));
  expect(nextStartOfProject(aProject({ schedules, isEnabled: false }), now)).toBeNull();
  expect(nextStartOfProject(aProject({ schedules: [schedules[2]!] }), now)).toBeNull();
  expect(nextStartOfProject(aProject(), now)).toBeNull();
});
