import type { RejectedEvents } from '../../events/rejected-events';
import type { LatestRunRepository } from '../../history/latest-run.repository';
import type { Notifications } from '../../notifications/notifications.service';
import type { ProjectCatalogue } from '../../projects/project-catalogue';
import { ALL_PROJECTS, type Pause } from '../../schedules/pause';
import type { Pauses } from '../../schedules/pauses';
import { FakeClock } from '../../../test/support/fake-clock';
import { PageHeaders } from './page-header';

const PAUSE: Pause = {
  scope: ALL_PROJECTS,
  pausedAt: '2026-03-01T10:00:00.000Z',
  pausedBy: 'ada',
  reason: 'Moving house',
  until: null,
};
const headerOf = (
  active: string[],
  hasRejected = false,
  pauses: Pause[] = [],
  isFailing = false,
  failed = 0,
) =>
  new PageHeaders(
    {
      active: () => Promise.resolve(active),
      failedSince: (instant: string) => Promise.resolve(instant === '2026-02-28T10:00:00.000Z' ? failed : 99),
    } as LatestRunRepository,
    { any: () => Promise.resolve(hasRejected) } as RejectedEvents,
    { inForce: () => pauses } as Pauses,
    { find: () => null, list: () => [] } as unknown as ProjectCatalogue,
    { statuses: () => Promise.resolve([{ isFailing }]) } as unknown as Notifications,
    new FakeClock(Date.parse('2026-03-01T10:00:00Z')),
  ).header();

it('changes its version with the active runs, with rejected events and with pauses', async () => {
  const headers = await Promise.all([
    headerOf([]),
    headerOf(['a']),
    headerOf(['b']),
    headerOf(['a', 'b']),
    headerOf([], true),
    headerOf([], false, [PAUSE]),
    headerOf([], false, [], true),
    headerOf([], false, [], false, 2),
  ]);
  expect(headers.map(({ running, runningHref }) => [running, runningHref])).toEqual([
    [0, '/runs?status=running'],
    [1, '/runs/a'],
    [1, '/runs/b'],
    [2, '/runs?status=running'],
    ...Array.from({ length: 4 }, () => [0, '/runs?status=running']),
  ]);
  expect(new Set(headers.map(({ live }) => live.version)).size).toBe(8);
  expect(headers.at(-1)!.failed).toBe('2');
  expect(headers[0].failed).toBeNull();
});

it('shows who paused which schedules, and at most three pauses', async () => {
  const pauses = ['a', 'b', 'c', 'd'].map((scope) => ({ ...PAUSE, scope, pausedBy: 'api' }));
  const { pauses: shown, morePauses } = await headerOf([], false, [PAUSE, ...pauses]);
  expect(shown.map(({ projectName, by, resume }) => [projectName, by, resume])).toEqual([
    [null, 'ada', '/schedules/resume'],
    ['a', null, '/projects/a/resume'],
    ['b', null, '/projects/b/resume'],
  ]);
  expect(morePauses).toBe('2');
});
