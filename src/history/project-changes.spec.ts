import { aParam, aProject } from '../../test/support/a-run';
import { changesSince } from './project-changes';

const recipe = (
  more: Parameters<typeof aProject>[0] = {},
  inputs: string | null = null,
  watchedFiles: string | null = null,
) => ({ definition: aProject(more), inputs, watchedFiles });
const steps = aProject().steps;

it('ignores changes that do not affect the result', () => {
  const renamed = recipe({ name: 'Another name', timeoutSeconds: 60, isDefault: true, metrics: [] });
  expect(changesSince(recipe(), renamed)).toEqual([]);
  // A project without inputs never has changed inputs.
  expect(changesSince(recipe({}, '[1]'), recipe({}, null))).toEqual([]);
});

it('lists changed, added and removed steps', () => {
  const [fetch, parse] = steps as [(typeof steps)[0], (typeof steps)[0]];
  const now = recipe({ steps: [fetch, { ...parse, command: ['false'] }, { ...fetch, name: 'score' }] });
  expect(changesSince(recipe(), now)).toEqual([
    { kind: 'step-command', step: 'parse' },
    { kind: 'step-added', step: 'score' },
    { kind: 'step-removed', step: 'report' },
  ]);
});

it('lists changes of inputs, parameters, folders and the executor', () => {
  const param = aParam({ default: 1 });
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
  expect(changesSince(then, now)).toEqual([
    { kind: 'executor' },
    { kind: 'step-folder', step: 'fetch' },
    { kind: 'params' },
    { kind: 'inputs' },
  ]);
});

it('lists changed files that are watched, if both states are known', () => {
  const watching = (watchedFiles: string | null, watch = ['docs/**']) =>
    recipe({ watch }, null, watchedFiles);
  expect(changesSince(watching('a'), watching('b'))).toEqual([{ kind: 'watched-files' }]);
  expect(changesSince(watching('a'), watching('a'))).toEqual([]);
  // A run of an earlier version has none, and a folder may be unreadable now.
  expect(changesSince(watching(null), watching('b'))).toEqual([]);
  expect(changesSince(watching('a'), watching(null))).toEqual([]);
  expect(changesSince(watching('a'), watching('b', ['other/**']))).toEqual([]);
});

it('lists steps that now wait for others', () => {
  const [fetch, parse, report] = steps as [(typeof steps)[0], (typeof steps)[0], (typeof steps)[0]];
  const graph = [fetch, { ...parse, needs: ['fetch'] }, { ...report, needs: ['parse'] }];
  // The same order, written down.
  expect(changesSince(recipe(), recipe({ steps: graph }))).toEqual([]);
  const wider = [
    fetch,
    { ...parse, needs: ['fetch'] },
    { ...report, needs: ['fetch'], when: 'always' as const },
  ];
  expect(changesSince(recipe({ steps: graph }), recipe({ steps: wider }))).toEqual([
    { kind: 'step-order', step: 'report' },
  ]);
});
