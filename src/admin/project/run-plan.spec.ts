import { aProject, LATER } from '../../../test/support/a-run';
import { type PlanFacts, type RunPlan, runPlan } from './run-plan';
import { wordList } from '../words/word-list';

const YESTERDAY = '2026-02-28T22:00:00.000Z';
const QUOTA = { dailyLimit: 100, used: 62, remaining: 38, concurrencyLimit: 1, resetsAt: LATER };
const definition = aProject({
  quota: true,
  scopes: { ends: ['fetch', 'report'] },
});
const planOf = (scope: string, more: Partial<PlanFacts> = {}): RunPlan =>
  runPlan(scope, {
    definition,
    history: {
      outcomes: new Map(),
      completedAt: new Map([
        ['fetch', { runId: 'a', at: YESTERDAY }],
        ['parse', { runId: 'a', at: LATER }],
      ]),
      isWhole: true,
    },
    quota: QUOTA,
    usualCalls: new Map([['full', 40]]),
    ...more,
  })!;
const NOTHING_LEFT = { outcomes: new Map(), completedAt: new Map() };

it('lists all steps of a full run, which reuses nothing', () =>
  expect(planOf('full')).toMatchObject({
    runs: 'Runs 3 steps: fetch, parse and report.',
    reuses: [],
    missing: null,
    leaves: null,
  }));

it('lists the steps whose results it reuses, with their time', () => {
  const { runs, reuses } = planOf('only:report');
  expect(runs).toBe('Runs 1 step: report.');
  expect(reuses).toMatchObject([
    { text: 'Reuses the results of fetch and parse from', at: { datetime: LATER } },
  ]);
});

it('lists results of different runs separately', () => {
  const completedAt = new Map([
    ['fetch', { runId: 'a', at: YESTERDAY }],
    ['parse', { runId: 'b', at: LATER }],
  ]);
  const { reuses } = planOf('from:report', { history: { outcomes: new Map(), completedAt, isWhole: true } });
  expect(reuses.map(({ text, at }) => [text, at.datetime])).toEqual([
    ['Reuses the results of fetch from', YESTERDAY],
    ['Reuses the results of parse from', LATER],
  ]);
});

it('warns of steps without results to reuse', () => {
  const missing = (isWhole: boolean) =>
    planOf('only:report', { history: { ...NOTHING_LEFT, isWhole } }).missing;
  expect(missing(true)).toBe('fetch and parse have never completed, so they have no results to reuse.');
  expect(missing(false)).toContain('have not completed in the last 50 runs');
});

it('determines the steps before and after those of a named scope', () => {
  expect(planOf('ends')).toMatchObject({
    runs: 'Runs 2 steps: fetch and report.',
    reuses: [{ text: 'Reuses the results of parse from' }],
    leaves: null,
  });
  expect(planOf('only:fetch')).toMatchObject({ reuses: [], leaves: 'Leaves parse and report unchanged.' });
});

it('estimates the quota usage, and warns if it exceeds the remaining quota', () => {
  expect(planOf('full').quota).toMatchObject({
    text: 'Quota: typically 40 calls, 38 left, resets',
    resetsAt: { datetime: LATER },
    isShort: true,
  });
  const plenty = { quota: { ...QUOTA, remaining: 40 } };
  expect(planOf('full', plenty).quota!.isShort).toBe(false);
  expect(planOf('ends').quota).toMatchObject({
    text: 'Quota: no data for this scope yet, 38 left, resets',
    isShort: false,
  });
  expect(planOf('full', { quota: { ...QUOTA, remaining: 0 } }).quota).toBeNull(); // shown beside the button instead
  expect(planOf('full', { quota: null }).quota).toMatchObject({
    text: 'Quota: typically 40 calls, no limit is set.',
    resetsAt: null,
  });
  expect(planOf('full', { definition: aProject() }).quota).toBeNull();
});

it('mentions the external worker that carries out the run', () => {
  const external = (steps: ReturnType<typeof aProject>['steps']) =>
    planOf('full', { definition: aProject({ executor: 'external', steps }) }).runs;
  expect(external([])).toContain('An external worker executes the run');
  expect(external(definition.steps)).toBe('An external worker runs 3 steps: fetch, parse and report.');
});

it('returns null for an unknown scope', () =>
  expect(
    runPlan('from:nowhere', {
      definition,
      history: { ...NOTHING_LEFT, isWhole: true },
      quota: null,
      usualCalls: new Map(),
    }),
  ).toBeNull());

it('wordList shortens a long list of names', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);
  expect([0, 1, 2, 3].map((count) => wordList(names(count)))).toEqual([
    '',
    's0',
    's0 and s1',
    's0, s1 and s2',
  ]);
  expect(wordList(names(12))).toBe('s0, s1, s2, s3, s4, s5, s6, s7 and 4 more');
});
