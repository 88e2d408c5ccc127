import { aProject, aSchedule } from '../../../test/support/a-run';
import { ALL_PROJECTS, type Pause } from '../../schedules/pause';
import { scheduleLine } from './schedule-line';

const NOW_MS = Date.parse('2026-03-01T10:00:00Z');
const pauseOf = (scope: string): Pause => ({
  ...{ scope, pausedAt: '2026-03-01T09:00:00.000Z', pausedBy: 'page', reason: null, until: null },
});
const schedules = [
  aSchedule({ name: 'night', cron: '30 2 * * *', timeZone: 'Europe/Berlin' }),
  aSchedule({ name: 'off', isEnabled: false }),
];
const lineOf = (more = {}, pauses: Pause[] = []) =>
  scheduleLine(aProject({ schedules, ...more }), pauses, NOW_MS);

it('shows nothing for a project without a schedule', () => expect(lineOf({ schedules: [] })).toBeNull());

it('shows the next start of each entry, with its name unless it is the only one', () => {
  expect(lineOf()).toEqual({
    entries: [
      {
        name: 'night',
        next: expect.objectContaining({ text: '2026-03-02 01:30 UTC' }),
        ...{ cron: '30 2 * * *', timeZone: 'Europe/Berlin', state: null },
      },
      { name: 'off', next: null, cron: '@daily', timeZone: 'UTC', state: 'Disabled' },
    ],
    more: null,
    pauseAction: '/projects/demo/pause',
    resumeAction: null,
  });
  expect(lineOf({ schedules: [aSchedule()] })!.entries).toMatchObject([{ name: null }]);
});

it('offers Resume only while the project itself is paused', () => {
  const states = (line: ReturnType<typeof lineOf>) => line!.entries.map(({ state }) => state);
  const paused = lineOf({}, [pauseOf('demo')]);
  expect(paused).toMatchObject({ pauseAction: null, resumeAction: '/projects/demo/resume' });
  expect(states(paused)).toEqual(['Paused', 'Disabled']);
  const pausedAll = lineOf({}, [pauseOf(ALL_PROJECTS)]);
  expect(pausedAll).toMatchObject({ pauseAction: '/projects/demo/pause', resumeAction: null });
  expect(states(pausedAll)).toEqual(['Paused', 'Disabled']);
});

it('shows no next start of a disabled project', () => {
  expect(lineOf({ isEnabled: false })!.entries).toMatchObject([
    { next: null, state: 'Project disabled' },
    { next: null, state: 'Project disabled' },
  ]);
});

it('limits the number of entries', () => {
  const many = Array.from({ length: 12 }, (_, index) => aSchedule({ name: `s${index}` }));
  const line = lineOf({ schedules: many })!;
  expect([line.entries.length, line.more]).toEqual([10, '2']);
});
