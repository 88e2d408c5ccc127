import type { Config } from '../../config/config';
import type { RejectedEvents } from '../../events/rejected-events';
import type { LatestRunRepository } from '../../history/latest-run.repository';
import type { Notifications } from '../../notifications/notifications.service';
import { PageFrames } from './page-frame';

const framesOf = (active: string[], hasRejected = false, isFailing = false) =>
  new PageFrames(
    { active: () => Promise.resolve(active) } as LatestRunRepository,
    { any: () => Promise.resolve(hasRejected) } as RejectedEvents,
    { statuses: () => Promise.resolve([{ isFailing }]) } as unknown as Notifications,
    { adminToken: null } as Config,
  );

it('changes its version with the active runs and with rejected events', async () => {
  const headers = await Promise.all(
    [
      framesOf([]),
      framesOf(['a']),
      framesOf(['b']),
      framesOf(['a', 'b']),
      framesOf([], true),
      framesOf([], false, true),
    ].map((frames) => frames.header()),
  );
  expect(headers.map(({ running, runningHref }) => [running, runningHref])).toEqual([
    [0, '/'],
    [1, '/runs/a'],
    [1, '/runs/b'],
    [2, '/'],
    [0, '/'],
    [0, '/'],
  ]);
  expect(new Set(headers.map(({ live }) => live.version)).size).toBe(6);
  const frame = await framesOf(['a']).frame('Title', '/quota');
  expect(frame).toMatchObject({ title: 'Title', path: '/quota', live: headers[1]!.live, canSignOut: false });
});
