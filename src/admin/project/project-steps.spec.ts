import { after, aNewRun, aProject, LATER } from '../../../test/support/a-run';
import type { StepStatus } from '../../runs/run';
import type { PastRun } from '../../history/run-history.repository';
import { projectSteps } from './project-steps';
import { stepHistory } from './step-history';

const STEPS = aProject().steps;
const past = (runId: string, steps: Record<string, StepStatus>): PastRun => ({
  ...aNewRun(),
  runId,
  status: 'failed',
  steps: Object.entries(steps).map(([name, status]) => ({
    name,
    status,
    startedAt: LATER,
    endedAt: LATER,
    exitCode: status === 'failed' ? 3 : null,
  })),
});
const HISTORY = stepHistory(
  [
    past('b', { fetch: 'completed', parse: 'failed', report: 'skipped' }),
    past('a', { fetch: 'failed', parse: 'completed', report: 'completed' }),
  ],
  true,
);
const shown = (steps: ReturnType<typeof projectSteps>) =>
  steps.map(({ name, mark, runHref }) => [name, mark.word, runHref]);

it('shows the last outcome of each step across runs', () =>
  expect(shown(projectSteps(STEPS, HISTORY, null, LATER))).toEqual([
    ['fetch', 'Completed', '/runs/b'],
    ['parse', 'Failed', '/runs/b'],
    ['report', 'Completed', '/runs/a'],
  ]));

it('finds the last run that completed each step', () =>
  expect([...HISTORY.completedAt].map(([name, { runId }]) => [name, runId])).toEqual([
    ['fetch', 'b'],
    ['parse', 'a'],
    ['report', 'a'],
  ]));

it('shows the state of the active run for the steps it has reached', () => {
  const active = after({ ...aNewRun(), steps: aNewRun().steps.slice(1) }, [
    { type: 'claim', workerId: 'w', leaseSeconds: 60 },
    { type: 'progress', occurredAt: LATER, payload: { step: 'parse', stepStatus: 'running' } },
  ]);
  const steps = projectSteps(STEPS, HISTORY, active, LATER);
  expect(shown(steps).map(([, word]) => word)).toEqual(['Completed', 'Running', 'Pending']);
  expect(steps.map(({ isCurrent }) => isCurrent)).toEqual([false, true, false]);
});

it('distinguishes "Never run" from "Not in the last 50 runs"', () => {
  const word = (isWhole: boolean) =>
    projectSteps([{ ...STEPS[0]!, name: 'new' }], stepHistory([], isWhole), null, LATER)[0]!.mark.word;
  expect([word(true), word(false)]).toEqual(['Never run', 'Not in the last 50 runs']);
});

it('offers to run each step alone, and to start from each step but the first', () =>
  expect(
    projectSteps(STEPS, HISTORY, null, LATER).map(({ onlyScope, fromScope }) => [onlyScope, fromScope]),
  ).toEqual([
    ['only:fetch', null],
    ['only:parse', 'from:parse'],
    ['only:report', 'from:report'],
  ]));

it('names never-completed steps that a run from this step skips, unless a run is active', () => {
  const history = stepHistory([past('a', { fetch: 'failed', parse: 'skipped', report: 'skipped' })], true);
  const of = (active: Parameters<typeof projectSteps>[2], isWhole = true) =>
    projectSteps(STEPS, { ...history, isWhole }, active, LATER).map(({ hasRun, skips }) => [hasRun, skips]);
  expect(of(null)).toEqual([
    [true, null],
    [false, 'fetch'],
    [false, 'fetch and parse'],
  ]);
  expect(of(null, false).map(([, skips]) => skips)).toEqual([null, null, null]);
  expect(of(aNewRun()).map(([, skips]) => skips)).toEqual([null, null, null]);
  expect(projectSteps(STEPS, HISTORY, null, LATER).map(({ skips }) => skips)).toEqual([null, null, null]);
});

it('shows steps reported by an external worker without offering to run them', () =>
  expect(projectSteps([], HISTORY, null, LATER).map(({ name, onlyScope }) => [name, onlyScope])).toEqual([
    ['fetch', null],
    ['parse', null],
    ['report', null],
  ]));

describe('steps of a graph', () => {
  const graph = projectSteps(
    [
      { ...STEPS[0]!, needs: [] },
      { ...STEPS[1]!, needs: [], continueOnError: true },
      {
        ...STEPS[2]!,
        needs: ['fetch', 'parse'],
        retry: { maxAttempts: 3, delaySeconds: 1, backoff: 2, maxDelaySeconds: 9 },
      },
      { ...STEPS[0]!, name: 'tidy', needs: null, when: 'always' },
    ],
    stepHistory([], true),
    null,
    LATER,
  );

  it('have their rules as words', () =>
    expect(graph.map(({ rules }) => rules)).toEqual([
      null,
      'may fail',
      'after fetch and parse, up to 3 attempts',
      'always runs',
    ]));

  it('can all be started from, and skip only what they need', () =>
    expect(graph.map(({ fromScope, skips }) => [fromScope, skips])).toEqual([
      ['from:fetch', null],
      ['from:parse', null],
      ['from:report', 'fetch and parse'],
      ['from:tidy', 'fetch, parse and report'],
    ]));
});
