import { after, aNewRun, aProject, aSchedule, LATER } from '../../../test/support/a-run';
import type { KnownProject } from '../../projects/project-catalogue';
import { waitingFor } from '../../runs/waiting';
import type { RunCommand } from '../../runs/run-state';
import { versionOf } from '../page/live';
import type { FileProblem } from '../../config-files/file-problem';
import {
  chosenOrder,
  chosenPage,
  chosenTag,
  chosenTone,
  type OverviewChoice,
  overviewHref,
  overviewPage,
  projectsOnPage,
  withTag,
} from './overview-page';
import type { ProjectFacts } from './project-row';

const project: KnownProject = {
  definition: aProject(),
  definitionHash: 'f',
  isDefault: false,
  isOutdated: false,
  definitionJson: '{}',
  file: 'projects/demo.yaml',
};
const FACTS = { unpublished: false, stepWorkers: { slots: 2, busy: 0 }, consumers: [] };
const CLAIM = { type: 'claim', workerId: 'w', leaseSeconds: 60 } as const;
const ALL: OverviewChoice = { tone: null, tag: null, order: 'name', page: 1 };
const factsOf = (facts: Partial<ProjectFacts>): ProjectFacts => ({
  ...{ project, run: null, waiting: null, trend: [], outdated: null, quota: null, isPaused: false },
  ...{ errorLine: null, live: null },
  ...facts,
});
const overview = (projects: ProjectFacts[], choice: OverviewChoice = ALL, problems: FileProblem[] = []) =>
  overviewPage(projects, projectsOnPage(projects, choice).shown, problems, choice, LATER);
const page = (facts: Partial<ProjectFacts>) => overview([factsOf(facts)]);
const running = after(aNewRun(), [CLAIM]);

it('shows a project that never ran, and polls every 10 s', () => {
  const { rows, pollSeconds } = page({});
  expect(rows).toMatchObject([
    { href: '/projects/demo', mark: { tone: 'never' }, lastRun: null, trend: null, quota: null },
  ]);
  expect(rows[0]).toMatchObject({ runAction: '/projects/demo/runs', stopAction: null });
  expect(pollSeconds).toBe(10);
});

it('shows the progress of a run, and polls every 2 s', () => {
  const run = after(aNewRun(), [
    CLAIM,
    { type: 'progress', occurredAt: LATER, payload: { step: 'parse', current: 3, total: 12 } },
  ]);
  const { rows, pollSeconds } = page({ run, waiting: waitingFor(run, FACTS, LATER), trend: [run] });
  expect(rows[0]).toMatchObject({
    mark: { word: 'Running' },
    detail: [{ text: 'parse: 3 of 12 (25%)' }],
    progress: { value: 3, max: 12 },
    runAction: null,
    stopAction: `/runs/${run.runId}/stop`,
  });
  expect(pollSeconds).toBe(2);
});

it('shows what a run waits for instead of its progress', () => {
  const run = aNewRun();
  const [row] = page({ run, waiting: waitingFor(run, { ...FACTS, unpublished: true }, LATER) }).rows;
  expect(row!.detail).toEqual([{ text: expect.stringMatching(/does not accept its request\.$/) }]);
});

it('shows the step at which a run failed', () => {
  const run = after(aNewRun(), [
    CLAIM,
    { type: 'fail', occurredAt: LATER, payload: { errorCode: 'X', message: 'no', step: 'parse' } },
  ]);
  expect(page({ run }).rows[0]).toMatchObject({ mark: { word: 'Failed' }, detail: [{ text: 'at parse' }] });
});

it('distinguishes an up-to-date project from one that needs a re-run', () => {
  const run = after(aNewRun(), [CLAIM, { type: 'complete', occurredAt: LATER, payload: {} }]);
  expect(page({ run }).rows[0]).toMatchObject({ mark: { word: 'Up to date' }, detail: null });
  expect(page({ run, outdated: { kind: 'step-failed', step: 'fit' } }).rows[0]).toMatchObject({
    mark: { word: 'Needs re-run', tone: 'outdated' },
    detail: [{ text: 'Step fit failed and has not completed since' }],
  });
});

it('shows the remaining quota', () => {
  const quota = { dailyLimit: 1000, used: 1000, remaining: 0, concurrencyLimit: 1, resetsAt: LATER };
  expect(page({ quota }).rows[0]!.quota).toMatchObject({ left: '0', limit: '1,000', isReached: true });
});

it('filters projects by state, keeps an empty state selected, and sums up failures in the headline', () => {
  const failed = after(aNewRun(), [
    CLAIM,
    { type: 'fail', occurredAt: LATER, payload: { errorCode: 'X', message: 'no', step: 'parse' } },
  ]);
  const two = [factsOf({}), factsOf({ run: failed })];
  const shown = (asked: unknown) =>
    overview(two, { tone: chosenTone(asked), tag: null, order: 'name', page: 1 });
  expect(shown('failed')).toMatchObject({
    rows: [{ mark: { tone: 'failed' } }],
    counts: [
      { count: 1, href: '/?state=failed', isCurrent: true },
      { count: 1, href: '/?state=never', isCurrent: false },
    ],
    headline: '✕ 1 failed',
    chosen: 'Failed',
    page: 1,
  });
  expect(overviewHref('/state', { tone: 'failed', tag: null, order: 'name', page: 1 })).toBe(
    '/state?state=failed',
  );
  expect(shown('running')).toMatchObject({ rows: [], chosen: 'Running', hasProjects: true });
  expect(shown('running').counts[0]).toMatchObject({ count: 0, isCurrent: true });
  expect(shown(['failed'])).toMatchObject({ chosen: null, rows: [{}, {}] });
});

it('shows the projects with a tag, and keeps the tag in every link', () => {
  const tagged = (projectId: string, tags: string[]) =>
    factsOf({
      project: { ...factsOf({}).project, definition: aProject({ projectId, name: projectId, tags }) },
    });
  const choice = { ...ALL, tag: 'nightly' };
  const shown = withTag([tagged('a', ['nightly', 'finance']), tagged('b', ['finance'])], choice);
  expect(overview(shown, choice)).toMatchObject({
    rows: [
      {
        name: 'a',
        tags: [
          { tag: 'nightly', href: '/?tag=nightly' },
          { tag: 'finance', href: '/?tag=finance' },
        ],
      },
    ],
    tag: 'nightly',
    counts: [{ count: 1, href: '/?state=never&tag=nightly' }],
    allHref: '/?tag=nightly',
    href: '/?tag=nightly',
  });
  expect(overview([], choice)).toMatchObject({ rows: [], hasProjects: true });
  expect([chosenTag('x'), chosenTag(''), chosenTag(['x']), chosenTag('x'.repeat(99))]).toEqual([
    'x',
    null,
    null,
    'x'.repeat(50),
  ]);
});

it('offers no run of a disabled project', () => {
  const project = { ...factsOf({}).project, definition: aProject({ isEnabled: false }) };
  expect(page({ project }).rows[0]).toMatchObject({ isDisabled: true, runAction: null, wantsParams: false });
});

describe('overview of more than 100 projects', () => {
  const failed = after(aNewRun(), [
    CLAIM,
    { type: 'fail', occurredAt: LATER, payload: { errorCode: 'X', message: 'no', step: 'parse' } },
  ]);
  const many = Array.from({ length: 250 }, (_, n) => factsOf(n === 240 ? { run: failed } : {}));

  it.each([
    [1, 100, { text: '1 to 100 of 250', previousHref: null, nextHref: '/?page=2' }],
    [2, 100, { text: '101 to 200 of 250', previousHref: '/', nextHref: '/?page=3' }],
    [3, 50, { text: '201 to 250 of 250', previousHref: '/?page=2', nextHref: null }],
    [99, 50, { text: '201 to 250 of 250', previousHref: '/?page=2', nextHref: null }],
  ])('paginates the projects: page %d', (number, rows, paging) => {
    const shown = overview(many, { tone: null, tag: null, order: 'name', page: number });
    expect([shown.rows.length, shown.paging]).toEqual([rows, paging]);
  });

  it('counts all projects, and refreshes the page that is shown', () => {
    const shown = overview(many, { tone: null, tag: null, order: 'name', page: 2 });
    expect(shown.counts.map(({ mark, count }) => [mark.tone, count])).toEqual([
      ['failed', 1],
      ['never', 249],
    ]);
    expect([
      shown.href,
      overviewHref('/state', { tone: null, tag: null, order: 'name', page: shown.page }),
      shown.headline,
    ]).toEqual(['/?page=2', '/state?page=2', '✕ 1 failed']);
    expect(overview(many, { tone: 'failed', tag: null, order: 'name', page: 1 })).toMatchObject({
      rows: [{}],
      paging: null,
    });
    expect(overview(many, { tone: 'never', tag: null, order: 'name', page: 2 }).paging).toMatchObject({
      previousHref: '/?state=never',
      nextHref: '/?state=never&page=3',
    });
  });

  it.each([
    ['2', 2],
    ['0', 1],
    ['-1', 1],
    ['x', 1],
    [['2'], 1],
    [undefined, 1],
    ['9999999', 1],
  ])('reads page parameter %j as page %d', (asked, number) => expect(chosenPage(asked)).toBe(number));
});

it('limits the number of listed file problems and the length of their reasons', () => {
  const problems = Array.from({ length: 60 }, (_, n) => ({
    file: `projects/${n}.yaml`,
    line: 1,
    reason: 'x'.repeat(5000),
  }));
  const shown = overview([], ALL, problems);
  expect([shown.problems.length, shown.moreProblems]).toEqual([50, '10']);
  expect(shown.problems[0]!.reason.length).toBeLessThan(600);
});

it('keeps its version until something that it shows changes, not as time passes', () => {
  const states = (facts: Partial<ProjectFacts>) => [
    factsOf({ trend: facts.run ? [facts.run] : [], ...facts }),
  ];
  const version = (facts: Partial<ProjectFacts>, now = LATER, problems: FileProblem[] = []) =>
    versionOf(overviewPage(states(facts), states(facts), problems, ALL, now));
  const quota = { dailyLimit: 9, used: 1, remaining: 8, concurrencyLimit: 1, resetsAt: LATER };
  const waiting = waitingFor(running, FACTS, LATER);
  const same = version({ run: running, waiting });
  for (const later of ['2026-03-01T10:05:01.000Z', '2026-03-01T23:00:00.000Z'])
    expect(version({ run: running, waiting }, later)).toBe(same);
  const progress: RunCommand = {
    type: 'progress',
    occurredAt: LATER,
    payload: { step: 'parse', current: 3, total: 12 },
  };
  const versions = [
    same,
    version({}),
    version({ run: after(running, [progress]) }),
    version({ run: after(running, [{ type: 'complete', occurredAt: LATER, payload: {} }]) }),
    version({ run: { ...running, runId: 'another' } }),
    version({ run: running, waiting: { code: 'workers-busy', slots: 2 } }),
    version({ run: running, trend: [running, { ...running, status: 'failed' }] }),
    version({ run: running, quota }),
    version({ run: running, quota: { ...quota, remaining: 7 } }),
    version({ run: running, project: { ...project, definition: aProject({ name: 'Other' }) } }),
    version({ run: running }, LATER, [{ file: 'a.yaml', line: 1, reason: 'wrong' }]),
  ];
  expect(new Set(versions).size).toBe(versions.length);
});

it('shows the next start of projects with a schedule, and names it in the head of the table', () => {
  const scheduled = {
    ...project,
    definition: aProject({ schedules: [aSchedule({ cron: '0 2 * * *' })] }),
  };
  const shown = (facts: Partial<ProjectFacts>) => {
    const { rows, hasSchedules } = page(facts);
    return [rows[0]!.nextStart, hasSchedules];
  };
  expect(shown({})).toEqual([null, false]);
  const at = expect.objectContaining({ text: '2026-03-02 02:00 UTC' });
  expect(shown({ project: scheduled })).toEqual([{ at }, true]);
  expect(shown({ project: scheduled, isPaused: true })).toEqual([{ at: null }, true]);
});

describe('order', () => {
  const named = (name: string, facts: Partial<ProjectFacts>) =>
    factsOf({ ...facts, project: { ...project, definition: aProject({ projectId: name, name }) } });
  const done = after(aNewRun(), [CLAIM, { type: 'complete', occurredAt: LATER, payload: {} }]);
  const failed = after(aNewRun(), [
    CLAIM,
    { type: 'fail', occurredAt: LATER, payload: { errorCode: 'X', message: 'no', step: 'parse' } },
  ]);
  const projects = [
    named('a', {}),
    named('b', { run: done }),
    named('c', { run: done, outdated: { kind: 'step-failed', step: 'fit' } }),
    named('d', { run: failed }),
    named('e', { run: running }),
  ];
  const names = (order: OverviewChoice['order']) =>
    overview(projects, { ...ALL, order })
      .rows.map(({ name }) => name)
      .join('');

  it('puts what needs attention first, and the rest by name', () => {
    expect(names('need')).toBe('edcab');
    expect(names('name')).toBe('abcde');
  });

  it('is a link that keeps the choice of projects', () => {
    const shown = overview(projects, { ...ALL, tag: 'nightly' });
    expect(shown.orders).toEqual([
      { label: 'By need', href: '/?tag=nightly&order=need', isCurrent: false },
      { label: 'By name', href: '/?tag=nightly&order=name', isCurrent: true },
    ]);
    expect(overview(projects, ALL).orders[0]!.href).toBe('/?order=need');
    expect(['name', 'x', undefined].map(chosenOrder)).toEqual(['name', null, null]);
  });
});

it('shows the last error line of a failed run, the live result, metrics and the typical duration', () => {
  const failed = after(aNewRun(), [
    CLAIM,
    { type: 'fail', occurredAt: LATER, payload: { errorCode: 'X', message: 'no', step: 'parse' } },
  ]);
  const [row] = page({
    run: { ...failed, metrics: { auc: 0.91, loss: 2, lr: 3, epochs: 4 } },
    errorLine: 'ValueError: no',
    live: { file: 'results/demo/3-ab/model.bin', number: 3 },
    trend: Array.from({ length: 3 }, (_, n) => ({
      ...{ runId: `r${n}`, number: n, status: 'completed' as const },
      ...{ startedAt: '2026-03-01T10:00:00.000Z', endedAt: '2026-03-01T10:00:40.000Z' },
    })),
  }).rows;
  expect(row).toMatchObject({
    detail: [{ text: 'ValueError: no' }],
    result: { name: 'model.bin', href: '/projects/demo/result' },
    metrics: [{ name: 'AUC' }, { name: 'Loss' }, { name: 'Lr' }],
    typical: '40 s',
  });
});
