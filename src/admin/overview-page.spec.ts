import { after, aNewRun, aProject, LATER } from '../../test/support/a-run';
import type { KnownProject } from '../projects/project-catalogue';
import { toRunView } from '../runs/run-view';
import { overviewPage, trendOf } from './overview-page';

const project: KnownProject = {
  definition: aProject(),
  definitionHash: 'f',
  definitionJson: '{}',
  file: 'projects/demo.yaml',
};
const FACTS = { unpublished: false, stepWorkers: { slots: 2, busy: 0 }, consumers: [] };

it('shows a project that never ran', () => {
  const { rows, pollSeconds } = overviewPage([{ project, runs: [], view: null }], [], LATER);
  expect(rows).toMatchObject([
    { href: '/projects/demo', mark: { tone: 'never' }, lastRun: null, trend: null },
  ]);
  expect(pollSeconds).toBe(10);
});

it('looks more often while something runs, and names a version for what it shows', () => {
  const run = aNewRun();
  const shown = (now: string, revision = run.revision) =>
    overviewPage([{ project, runs: [{ ...run, revision }], view: toRunView(run, FACTS, now) }], [], now);
  expect(shown(LATER).pollSeconds).toBe(2);
  expect(shown(LATER).version).toBe(shown(run.startedAt).version); // time passing is no change
  expect(shown(LATER, 2).version).not.toBe(shown(LATER).version);
});

it('says where a run failed', () => {
  const failed = after(aNewRun(), [
    { type: 'claim', workerId: 'w', leaseSeconds: 60 },
    { type: 'fail', occurredAt: LATER, payload: { errorCode: 'X', message: 'no', step: 'parse' } },
  ]);
  const { rows } = overviewPage([{ project, runs: [failed], view: null }], [], LATER);
  expect(rows[0]).toMatchObject({ mark: { word: 'Failed' }, detail: 'at parse' });
});

it('draws the trend from old to new, and says it in words', () => {
  const newest = aNewRun();
  const older = { ...after(aNewRun(), [{ type: 'give-up-waiting' }]), endedAt: '2026-03-01T10:02:30.000Z' };
  const { bars, label } = trendOf([newest, older], LATER);
  expect(bars.map(({ tone, height }) => [tone, height])).toEqual([
    ['failed', 12],
    ['running', 24],
  ]);
  expect(label).toBe('Last 2 runs: 1 failed, 1 running');
});
