import type { Config } from '../../config/config';
import type { RejectedEvents } from '../../events/rejected-events';
import type { LatestRunRepository } from '../../history/latest-run.repository';
import type { Notifications } from '../../notifications/notifications.service';
import type { ProjectCatalogue } from '../../projects/project-catalogue';
import { ALL_PROJECTS, type Pause } from '../../schedules/pause';
import type { Pauses } from '../../schedules/pauses';
import { PageFrames } from './page-frame';

const PAUSE: Pause = {
  scope: ALL_PROJECTS,
  pausedAt: '2026-03-01T10:00:00.000Z',
  pausedBy: 'ada',
  reason: 'Moving house',
  until: null,
};
const framesOf = (active: string[], hasRejected = false, pauses: Pause[] = [], isFailing = false) =>
  new PageFrames(
    { active: () => Promise.resolve(active) } as LatestRunRepository,
    { any: () => Promise.resolve(hasRejected) } as RejectedEvents,
    { inForce: () => pauses } as Pauses,
    { find: () => null, list: () => [] } as unknown as ProjectCatalogue,
    { statuses: () => Promise.resolve([{ isFailing }]) } as unknown as Notifications,
    { adminToken: null } as Config,
  );

it('changes its version with the active runs, with rejected events and with pauses', async () => {
  const headers = await Promise.all(
    [
      framesOf([]),
      framesOf(['a']),
      framesOf(['b']),
      framesOf(['a', 'b']),
      framesOf([], true),
      framesOf([], false, [PAUSE]),
      framesOf([], false, [], true),
    ].map((frames) => frames.header()),
  );
  expect(headers.map(({ running, runningHref }) => [running, runningHref])).toEqual([
    [0, '/'],
    [1, '/runs/a'],
    [1, '/runs/b'],
    [2, '/'],
    [0, '/'],
    [0, '/'],
    [0, '/'],
  ]);
  expect(new Set(headers.map(({ live }) => live.version)).size).toBe(7);
  const frame = await framesOf(['a']).frame('Title', '/quota');
  expect(frame).toMatchObject({ title: 'Title', path: '/quota', live: headers[1]!.live, canSignOut: false });
});

it('shows who paused which schedules, and at most three pauses', async () => {
  const pauses = ['a', 'b', 'c', 'd'].map((scope) => ({ ...PAUSE, scope, pausedBy: 'api' }));
  const { pauses: shown, morePauses } = await framesOf([], false, [PAUSE, ...pauses]).header();
  expect(shown.map(({ projectName, by, resume }) => [projectName, by, resume])).toEqual([
    [null, 'ada', '/schedules/resume'],
    ['a', null, '/projects/a/resume'],
    ['b', null, '/projects/b/resume'],
  ]);
  expect(morePauses).toBe('2');
});
