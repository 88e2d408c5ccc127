import { aProject, LATER } from '../../../test/support/a-run';
import type { KnownProject } from '../../projects/project-catalogue';
import { nextRun } from './next-run';
import type { ProjectPast } from './project-pasts';
import { stepHistory } from './step-history';

it('computes the plans again if the project, its past or its quota has changed', () => {
  const pastOf = (): ProjectPast => ({
    runs: [],
    steps: stepHistory([], true),
    alike: new Map(),
    usualCalls: new Map(),
    staleness: null,
  });
  const past = pastOf();
  const project = { definition: aProject({ quota: true }) } as KnownProject;
  const quota = { dailyLimit: 9, used: 1, remaining: 8, concurrencyLimit: 1, resetsAt: LATER };
  const first = nextRun({ project, past, quota });
  expect(nextRun({ project, past, quota: { ...quota } })).toBe(first);
  const used = nextRun({ project, past, quota: { ...quota, remaining: 7 } });
  expect(used.plans[0]!.quota!.text).toContain('7 left');
  expect(used.formVersion).toBe(first.formVersion);
  const shorter = { definition: aProject({ steps: aProject().steps.slice(1) }) } as KnownProject;
  const changed = nextRun({ project: shorter, past, quota });
  expect(changed.plans.length).toBeLessThan(first.plans.length);
  expect(changed.formVersion).not.toBe(first.formVersion);
  expect(nextRun({ project: shorter, past: pastOf(), quota })).toEqual(changed);
});
