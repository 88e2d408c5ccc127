import { after, aNewRun, aParam, aProject, LATER, RUN_ID, START } from '../../../test/support/a-run';
import type { RunCommand } from '../../runs/run-state';
import type { Run } from '../../runs/run';
import { waitingFor } from '../../runs/waiting';
import { versionOf } from '../page/live';
import { type RunFacts, runPage, shownDefinition } from './run-page';

const CLAIM: RunCommand = { type: 'claim', workerId: 'w', leaseSeconds: 600 };
const ORDER = { isLogFirst: false };
const FACTS = { unpublished: false, stepWorkers: { slots: 2, busy: 2 }, consumers: [] };
const at = (seconds: number) => new Date(Date.parse(START) + seconds * 1000).toISOString();
const running = after(
  aNewRun(),
  [CLAIM, { type: 'progress', occurredAt: START, payload: { step: 'fetch', stepStatus: 'running' } }],
  START,
);

function factsOf(run: Run, more: Partial<RunFacts> = {}): RunFacts {
  return {
    run,
    inputs: null,
    waiting: null,
    definition: shownDefinition(aProject()),
    current: { definition: aProject(), definitionHash: run.definitionHash },
    alike: [],
    lateEnd: null,
    dueAt: null,
    isResultLive: false,
    rerunOfNumber: null,
    quota: null,
    errorLines: [],
    ...more,
  };
}
const versionAt = (seconds: number, run: Run, more: Partial<RunFacts> = {}) =>
  versionOf(runPage(factsOf(run, more), ORDER, at(seconds)));

describe('the version of the page', () => {
  it('does not change as time passes', () => {
    const same = versionAt(10, running);
    for (const seconds of [11, 12, 70, 4000]) expect(versionAt(seconds, running)).toBe(same);
    const waiting = waitingFor(aNewRun(), FACTS, at(10));
    expect(versionAt(11, aNewRun(), { waiting })).toBe(versionAt(12, aNewRun(), { waiting }));
  });

  it('changes with the estimated time left, which changes in large steps', () => {
    const completed: RunCommand[] = ['fetch', 'parse', 'report'].flatMap((step, index): RunCommand[] => [
      { type: 'progress', occurredAt: at(index * 60), payload: { step, stepStatus: 'running' } },
      { type: 'progress', occurredAt: at(index * 60 + 60), payload: { step, stepStatus: 'completed' } },
    ]);
    const earlier = after(after(aNewRun(), [CLAIM], START), completed, at(9000));
    const alike = [earlier, earlier, earlier].map((run) => ({ ...run, endedAt: at(180) }));
    const version = (seconds: number) => versionAt(seconds, running, { alike });
    expect(version(10)).toBe(version(11));
    expect(version(10)).not.toBe(version(55));
  });

  it('changes with what the page shows', () => {
    const heartbeat: RunCommand = {
      type: 'heartbeat',
      occurredAt: LATER,
      payload: { workerId: 'w', attempt: 1 },
    };
    const failed = after(running, [
      { type: 'fail', occurredAt: LATER, payload: { errorCode: 'E', message: 'No.', step: 'fetch' } },
    ]);
    const quota = { dailyLimit: 9, used: 1, remaining: 8, concurrencyLimit: 1, resetsAt: LATER };
    const changed = { definition: aProject(), definitionHash: 'other' };
    const lateEnd = { position: 9, eventType: 'run.completed' as const, at: LATER };
    const versions = [
      versionAt(10, running),
      versionAt(10, after(running, [heartbeat])),
      versionAt(10, running, { waiting: { code: 'worker-silent' } }),
      versionAt(10, running, { waiting: { code: 'stopping' } }),
      versionAt(10, running, { quota }),
      versionAt(10, { ...running, metrics: { newJobsCount: 1 } }),
      versionAt(10, { ...running, artifacts: [{ name: 'a.txt', size: 1, sha256: 'x' } as never] }),
      versionAt(10, { ...running, runId: RUN_ID.replace(/1$/, '2') }),
      versionAt(10, failed),
      versionAt(10, failed, { errorLines: ['Traceback'] }),
      versionAt(10, failed, { lateEnd }),
      versionAt(10, failed, { current: changed }),
      versionAt(10, failed, { current: null }),
    ];
    expect(new Set(versions).size).toBe(versions.length);
  });
});

it('shows params with their descriptions, line by line and shortened', () => {
  const run = {
    ...aNewRun(),
    params: { hosts: ['a', 'b'], none: [], notes: 'x\r\ny', long: 'l\n'.repeat(30), depth: 2, toString: 1 },
  };
  const params = { hosts: aParam({ type: 'array', description: 'Hosts to visit' }), depth: aParam() };
  const definition = shownDefinition(aProject({ params }));
  expect(runPage(factsOf(run, { definition }), ORDER, START).params).toEqual([
    { name: 'hosts', value: 'a\nb', hasLines: true, description: 'Hosts to visit' },
    { name: 'none', value: '[]', hasLines: false, description: null },
    { name: 'notes', value: 'x\ny', hasLines: true, description: null },
    { name: 'long', value: `${'l\n'.repeat(20)}… (31 lines)`, hasLines: true, description: null },
    { name: 'depth', value: '2', hasLines: false, description: null },
    { name: 'toString', value: '1', hasLines: false, description: null },
  ]);
});

describe('each fact once', () => {
  const completed = after(running, [{ type: 'complete', occurredAt: LATER, payload: { newJobsCount: 3 } }]);
  const pageOf = (run: Run, more: Partial<RunFacts> = {}, order = ORDER) =>
    runPage(factsOf(run, more), order, LATER);

  it('lists the metrics that the summary does not show', () => {
    const run = { ...completed, metrics: { newJobsCount: 3, rows: 9, pages: 2 } };
    const definition = shownDefinition(aProject({ metrics: ['rows', 'words'] }));
    const { summary, metrics } = pageOf(run, { definition });
    expect(summary).toMatchObject({
      newCount: '3',
      hasRelevant: false,
      metrics: [{ name: 'Rows', value: '9' }],
    });
    expect(metrics).toEqual([{ name: 'Pages', value: '2' }]);
  });

  it('marks the artifact that is the live result, and shows a result apart only if it is none', () => {
    const result = { state: 'accepted' as const, file: 'results/demo/1/db.sqlite', size: 2048 };
    const artifacts = [{ name: 'db.sqlite', size: 2048, sha256: 'x' } as never];
    expect(pageOf({ ...completed, result, artifacts }, { isResultLive: true })).toMatchObject({
      artifacts: [{ name: 'db.sqlite', isLive: true }],
      result: null,
      hasFiles: true,
    });
    expect(pageOf({ ...completed, result })).toMatchObject({
      artifacts: [],
      result: { name: 'db.sqlite', size: '2 kB', isLive: false },
      hasFiles: true,
    });
    expect(pageOf(completed).hasFiles).toBe(false);
  });

  it('names the worker at the end of the page, unless the table of attempts does', () => {
    expect(pageOf(completed).foot).toMatchObject({ worker: 'Worker w', hasAttempts: false, warnings: [] });
    expect(pageOf({ ...completed, attempt: 2, maxAttempts: 3 }).foot).toMatchObject({
      worker: null,
      hasAttempts: true,
    });
  });

  it('warns once that the quota is used up', () => {
    const quota = { dailyLimit: 9, used: 9, remaining: 0, concurrencyLimit: 1, resetsAt: LATER };
    const warnings = (run: Run) => {
      const { rerun, foot } = pageOf(run, { quota });
      return [rerun?.refusal?.text, ...foot.warnings.map(({ text }) => text)].filter(Boolean);
    };
    expect(warnings(completed)).toEqual(['The project quota is used up. Re-runs are refused until']);
    expect(warnings(running)).toEqual(['The quota is used up. Runs are refused until']);
  });

  it('fills the bar of a run that completed while its page was open', () => {
    const bar = { text: '1 of 3 steps done', value: 3, max: 3 };
    const oneDone = after(running, [
      {
        type: 'progress',
        occurredAt: LATER,
        payload: { step: 'fetch', stepStatus: 'completed', exitCode: 0 },
      },
      { type: 'complete', occurredAt: LATER, payload: {} },
    ]);
    expect(pageOf(oneDone, {}, { isLogFirst: true }).progress).toMatchObject(bar);
    expect(pageOf(oneDone).progress).toBeNull();
  });
});
