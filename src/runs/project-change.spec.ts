import { aProject } from '../../test/support/a-run';
import type { Run } from './run';
import { changeSince, failedSince } from './project-change';

const recipe = (more: Parameters<typeof aProject>[0] = {}, inputs: string | null = null) => ({
  definition: aProject(more),
  inputs,
});
const steps = aProject().steps;

it('sees no reason to run again in what does not change the outcome', () => {
  const renamed = recipe({ name: 'Another name', timeoutSeconds: 60, isDefault: true, metrics: [] });
  expect(changeSince(recipe(), renamed)).toBeNull();
  // What a project without inputs is not given cannot have changed.
  expect(changeSince(recipe({}, '[1]'), recipe({}, null))).toBeNull();
});

it('names the steps that are others, new or gone', () => {
  const [fetch, parse] = steps as [(typeof steps)[0], (typeof steps)[0]];
  const now = recipe({ steps: [fetch, { ...parse, command: ['false'] }, { ...fetch, name: 'score' }] });
  expect(changeSince(recipe(), now)).toBe(
    'Changed since: step parse, step score is new, step report is gone',
  );
});

it('names inputs, parameters, folders and who carries it out', () => {
  const param = {
    type: 'integer' as const,
    description: null,
    required: false,
    default: 1,
    min: null,
    max: null,
    pattern: null,
    values: [],
  };
  const then = recipe({ inputs: 'queries-x-allowlists', params: { depth: param } }, '[1]');
  const now = recipe(
    {
      inputs: 'queries-x-allowlists',
      executor: 'external',
      params: { depth: { ...param, default: 2 } },
      steps: steps.map((step) => (step.name === 'fetch' ? { ...step, workingDir: 'elsewhere' } : step)),
    },
    '[1,2]',
  );
  expect(changeSince(then, now)).toBe(
    'Changed since: who carries it out, the folder of step fetch, its parameters or their defaults, its queries or allow-lists',
  );
});

it('is not made good by a run of other steps that a step failed', () => {
  const run = (fetch: string, parse: string, report: string) => ({
    steps: [
      { name: 'fetch', status: fetch },
      { name: 'parse', status: parse },
      { name: 'report', status: report },
    ] as Run['steps'],
  });
  const failed = run('completed', 'failed', 'skipped');
  const reported = { steps: run('', '', 'completed').steps.slice(2) };
  expect(failedSince(aProject(), [reported, failed])).toBe('Step parse failed, and has not completed since');
  const mended = { steps: run('', 'completed', 'completed').steps.slice(1) };
  expect(failedSince(aProject(), [reported, mended, failed])).toBeNull();
  expect(failedSince(aProject(), [])).toBeNull();
  expect(failedSince(aProject({ steps: [] }), [failed])).toBeNull();
});
