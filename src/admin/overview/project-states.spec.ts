import { aNewRun, aProject } from '../../../test/support/a-run';
import type { LatestRunRepository } from '../../history/latest-run.repository';
import type { UpToDateCheck } from '../../history/up-to-date-check';
import type { KnownProject, ProjectCatalogue } from '../../projects/project-catalogue';
import type { Run } from '../../runs/run';
import type { RunRepository } from '../../runs/run.repository';
import type { RunEnds } from '../run/run-ends';
import { ProjectStates } from './project-states';

const project = { definition: aProject() } as KnownProject;

function statesOf(runs: { current: Run | null; head?: Run }) {
  const current = jest.fn(() => Promise.resolve(runs.current));
  const trend = jest.fn(() => Promise.resolve([]));
  const states = new ProjectStates(
    { list: () => [project] } as unknown as ProjectCatalogue,
    { current } as unknown as RunRepository,
    {
      heads: () => Promise.resolve([runs.head ?? runs.current].filter((run) => run !== null)),
      trend,
    } as unknown as LatestRunRepository,
    { reasonFor: () => Promise.resolve(null) } as unknown as UpToDateCheck,
    {} as RunEnds,
  );
  return { states, current, trend };
}

it('reads the latest run again only after its revision has changed', async () => {
  const runs: { current: Run | null } = { current: null };
  const { states, current } = statesOf(runs);
  const shown = async () => (await states.read([]))[0]!.run?.revision ?? null;
  expect([await shown(), current.mock.calls.length]).toEqual([null, 0]);
  runs.current = aNewRun();
  expect([await shown(), await shown(), current.mock.calls.length]).toEqual([1, 1, 1]);
  runs.current = { ...aNewRun(), revision: 2 };
  expect([await shown(), current.mock.calls.length]).toEqual([2, 2]);
  runs.current = { ...aNewRun(), runId: 'another' };
  expect([await shown(), current.mock.calls.length]).toEqual([1, 3]);
});

it('does not take a run that started while the page was read for one with the same revision', async () => {
  const first = { ...aNewRun(), runId: 'first', revision: 3, status: 'completed' as const };
  const second = { ...aNewRun(), runId: 'second' };
  const runs: { head: Run; current: Run } = { head: first, current: { ...second, revision: 1 } };
  const { states } = statesOf({
    get head() {
      return runs.head;
    },
    get current() {
      return runs.current;
    },
  });
  await states.read([]);
  runs.head = runs.current = { ...second, revision: 3, status: 'completed' as const };
  expect((await states.read([]))[0]!.run).toEqual(runs.current);
});

it('reads the trend again only after a run has started or ended', async () => {
  const { states, trend } = statesOf({ current: null });
  const stateOf = (run: Run | null) => ({ project, run, outdated: null });
  const run = aNewRun();
  for (const each of [null, null, run, { ...run, revision: 2 }, { ...run, status: 'failed' as const }])
    await states.trend(stateOf(each));
  expect(trend).toHaveBeenCalledTimes(3);
});
