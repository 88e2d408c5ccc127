import { after, aNewRun, aProject, LATER, RUN_ID, START } from '../../../test/support/a-run';
import type { Run } from '../../runs/run';
import type { RunCommand } from '../../runs/run-state';
import { waitingFor } from '../../runs/waiting';
import { historyHref, WHOLE_HISTORY } from './history-query';
import { versionOf } from '../page/live';
import { type ProjectDetails, projectPage, type ProjectState } from './project-page';
import { NOTHING_SKIPPED } from './skipped-starts';
import { stepHistory } from './step-history';

const FACTS = { unpublished: false, stepWorkers: { slots: 2, busy: 0 }, consumers: [] };
const CLAIM: RunCommand = { type: 'claim', workerId: 'w', leaseSeconds: 60 };
const FAILED = after(aNewRun(), [
  CLAIM,
  { type: 'progress', occurredAt: LATER, payload: { step: 'parse', stepStatus: 'failed', exitCode: 3 } },
  { type: 'fail', occurredAt: LATER, payload: { errorCode: 'E', message: 'No.', step: 'parse' } },
]);
const NONE = { count: 0, isCapped: false };
const details: ProjectDetails = {
  page: { items: [], newerThan: null, olderThan: null, above: null, searchedBackTo: null },
  counts: { running: NONE, completed: NONE, partial: NONE, failed: NONE, cancelled: NONE },
  skipped: NOTHING_SKIPPED,
  selected: null,
};
const DISK = { message: 'The disk is full.', since: null, refusesRuns: true };
const STREAM = { message: 'The stream is away.', since: START, refusesRuns: false };

function stateOf(run: Run | null, more: Partial<ProjectState> = {}): ProjectState {
  const definition = aProject();
  return {
    project: {
      definition,
      definitionHash: 'h',
      isDefault: false,
      isOutdated: false,
      definitionJson: '',
      file: 'projects/demo.yaml',
    },
    file: 'etc/projects/demo.yaml',
    run,
    waiting: run && waitingFor(run, FACTS, LATER),
    past: {
      runs: [],
      steps: stepHistory([], true),
      alike: new Map(),
      usualCalls: new Map(),
      staleness: { lastSuccessAt: '2026-02-20T10:00:00.000Z', oldAfterMs: 1 },
    },
    query: WHOLE_HISTORY,
    quota: null,
    notes: [],
    troubles: [],
    searches: null,
    pauses: [],
    outdated: null,
    errorLines: [],
    ...more,
  };
}
const pageOf = (...[run, more]: Parameters<typeof stateOf>) =>
  projectPage(stateOf(run, more), details, LATER);

it('allows a run unless another run or a server problem blocks it, and gives the reason', () => {
  expect(pageOf(null)).toMatchObject({ canRun: true, canStop: false, whyNot: null, activeRunHref: null });
  expect(pageOf(aNewRun())).toMatchObject({
    canRun: false,
    canStop: true,
    activeRunHref: `/runs/${RUN_ID}`,
    pollSeconds: 2,
  });
  expect(pageOf(null, { troubles: [DISK] })).toMatchObject({ canRun: false, whyNot: 'The disk is full.' });
  const disabled = { ...stateOf(null).project, definition: aProject({ isEnabled: false }) };
  const page = pageOf(null, { project: disabled });
  expect(page).toMatchObject({ canRun: false, isDisabled: true, whyNot: null });
  expect(page.footer.detail).toEqual([{ text: 'The project file is etc/projects/demo.yaml.' }]);
  expect(page.history.emptyText).not.toMatch(/Press Run/);
  expect(pageOf(null, { troubles: [STREAM] })).toMatchObject({ canRun: true, whyNot: null });
});

it('lists warnings with their start times in the outcome', () => {
  const { outcome } = pageOf(FAILED, { troubles: [DISK, STREAM] });
  expect(outcome.warnings).toMatchObject([
    { text: 'The disk is full.', at: null },
    { text: 'The stream is away. Since', at: { datetime: START } },
  ]);
});

it('shows why the latest run failed, with its last error lines and the re-run from its failed step', () => {
  expect(pageOf(FAILED, { errorLines: ['one', 'two', 'three'] }).outcome).toMatchObject({
    href: `/runs/${FAILED.runId}`,
    lead: 'at step parse, exit code 3.',
    errorLines: ['two', 'three'],
    rerunFrom: { scope: 'from:parse', number: '#0' },
  });
  expect(pageOf(aNewRun()).outcome).toMatchObject({ lead: '', errorLines: [], rerunFrom: null });
  expect(pageOf(null).outcome).toMatchObject({ href: null, inShort: null, rerunFrom: null });
});

it('keeps the foot hidden until a run is chosen, and shows it in the row of that run', () => {
  const selected = { run: FAILED, waiting: null };
  const chosen = (items: Run[]) =>
    projectPage(
      stateOf(FAILED, { query: { ...WHOLE_HISTORY, status: 'failed', run: FAILED.runId } }),
      { ...details, selected, page: { ...details.page, items } },
      LATER,
    );
  expect(pageOf(FAILED)).toMatchObject({ hidesFooter: true, isFooterInRow: false, closeHref: null });
  expect(chosen([FAILED])).toMatchObject({
    hidesFooter: false,
    isFooterInRow: true,
    closeHref: '/projects/demo?status=failed',
  });
  expect(chosen([])).toMatchObject({ hidesFooter: false, isFooterInRow: false });
});

it('shows the first of many steps, and the others on demand', () => {
  const names = (count: number) => {
    const steps = Array.from({ length: count }, (_, n) => ({ ...aProject().steps[0]!, name: `s${n}` }));
    const project = { ...stateOf(null).project, definition: aProject({ steps }) };
    const { firstSteps, furtherSteps } = pageOf(null, { project });
    return [firstSteps.length, furtherSteps.length];
  };
  expect([names(6), names(7), names(100)]).toEqual([
    [6, 0],
    [5, 2],
    [5, 95],
  ]);
});

it('shows the selected run, and offers a re-run from its failed step if no run is active', () => {
  const run = { ...aNewRun(), runId: 'another' };
  const selected = { run: FAILED, waiting: waitingFor(FAILED, FACTS, LATER) };
  const chosen = (latest: Run) => projectPage(stateOf(latest), { ...details, selected }, LATER);
  expect(chosen({ ...FAILED, runId: 'another' })).toMatchObject({
    footerTitle: 'Selected run',
    footer: { lead: 'at step parse, exit code 3.' },
    rerunFrom: { action: expect.stringMatching(/^\/runs\/.*\/rerun$/), scope: 'from:parse', step: 'parse' },
  });
  expect(chosen(run).rerunFrom).toBeNull(); // only one run at a time
  expect(pageOf(FAILED)).toMatchObject({ footerTitle: 'Latest run', rerunFrom: { step: 'parse' } });
});

describe('the version of the page', () => {
  const version = (state: ProjectState, now = LATER, more: Partial<ProjectDetails> = {}) =>
    versionOf(projectPage(state, { ...details, ...more }, now));
  const running = after(aNewRun(), [
    CLAIM,
    { type: 'progress', occurredAt: LATER, payload: { step: 'fetch', stepStatus: 'running' } },
  ]);
  const listed = { page: { ...details.page, items: [running] } };
  const quota = { dailyLimit: 9, used: 1, remaining: 8, concurrencyLimit: 1, resetsAt: LATER };

  it('changes with what the page shows, not as time passes', () => {
    const same = version(stateOf(FAILED));
    expect(version(stateOf(FAILED), '2026-03-01T23:00:00.000Z')).toBe(same);
    const others = [
      version(stateOf(FAILED), '2026-03-02T11:00:00.000Z'), // a day older
      version(stateOf({ ...FAILED, metrics: { newJobsCount: 1 } })),
      version(stateOf(FAILED, { troubles: [STREAM] })),
      version(stateOf(FAILED, { notes: ['No effect.'] })),
      version(stateOf(FAILED, { query: { ...WHOLE_HISTORY, status: 'failed' } })),
      version(stateOf(FAILED, { quota })),
      version(stateOf(FAILED), LATER, listed),
      version(stateOf(FAILED), LATER, { selected: { run: { ...FAILED, runId: 'another' }, waiting: null } }),
    ];
    expect(new Set([same, ...others]).size).toBe(others.length + 1);
  });

  it('does not change with the growing durations of an active run', () => {
    const past = { ...stateOf(null).past, runs: [FAILED] };
    const state = stateOf(running, { past, waiting: null });
    const same = version(state, LATER, listed);
    for (const seconds of [1, 2, 3]) {
      const later = new Date(Date.parse(LATER) + seconds * 1000).toISOString();
      expect(version(state, later, listed)).toBe(same);
    }
    const heard = after(
      running,
      [{ type: 'heartbeat', occurredAt: LATER, payload: { workerId: 'w', attempt: 1 } }],
      '2026-03-01T10:06:00.000Z',
    );
    expect(version({ ...state, run: heard }, LATER, listed)).not.toBe(same);
  });

  it('changes with the reason of an outdated result', () => {
    const run = after(aNewRun(), [CLAIM, { type: 'complete', occurredAt: LATER, payload: {} }]);
    const state = (step: string) => stateOf(run, { outdated: { kind: 'step-failed', step } });
    expect(version(state('fetch'))).not.toBe(version(state('parse')));
  });
});

it('keeps the history filters in its address', () => {
  const query = { ...WHOLE_HISTORY, search: 'a&b', scope: 'from:parse' };
  expect(historyHref('/projects/demo/state', query)).toBe(
    '/projects/demo/state?scope=from%3Aparse&search=a%26b',
  );
});

it('names the file of a project that never ran by its real path', () =>
  expect(projectPage(stateOf(null), details, LATER).footer.detail).toEqual([
    { text: 'Press Run to start the first one. The project file is etc/projects/demo.yaml.' },
  ]));
