import { after, aNewRun, aParam, aProject, LATER, START } from '../../../test/support/a-run';
import type { QuotaStatus } from '../../quota/quotas';
import type { Run } from '../../runs/run';
import type { PastEvent } from '../../history/run-detail.repository';
import { attemptRows } from './run-attempts';
import { familyRows } from './run-family';
import { rerunOffer } from './rerun-offer';

const END = '2026-03-01T10:10:00.000Z';
const failed: Run = after(aNewRun(), [
  { type: 'fail', occurredAt: LATER, payload: { errorCode: 'X', message: 'x', step: 'parse' } },
]);
const current = (project: Parameters<typeof aProject>[0] = {}, definitionHash = failed.definitionHash) => ({
  definition: aProject(project),
  definitionHash,
});

describe('familyRows', () => {
  it('returns no rows for a run without relatives', () => {
    expect(familyRows(failed, [failed], END)).toEqual([]);
  });

  it('shows the relation of each run and the parameters that differ', () => {
    const first: Run = { ...failed, runId: 'a', params: { depth: 1 } };
    const mine: Run = { ...failed, runId: 'b', rerunOf: 'a' };
    const other: Run = { ...failed, runId: 'c', rerunOf: 'a', params: {} };
    const next: Run = { ...failed, runId: 'd', rerunOf: 'b', params: { depth: 2, label: 'x'.repeat(50) } };
    const rows = familyRows(mine, [first, mine, other, next], END);
    expect(rows.map(({ relation, params, isThis }) => [relation, params, isThis])).toEqual([
      ['source of this re-run', 'depth = 1', false],
      ['this run', '', true],
      ['re-run', 'no depth', false],
      ['re-run of this run', `label = ${'x'.repeat(40)} …`, false],
    ]);
    expect(rows[0]!.stepCells.cells.map(({ tone }) => tone)).toEqual(['skipped', 'failed', 'skipped']);
    const part = { ...next, steps: first.steps.slice(1) };
    const cells = familyRows(mine, [part, first, mine], END)[0]!.stepCells.cells;
    expect(cells.map(({ tone }) => tone)).toEqual([null, 'failed', 'skipped']);
    expect(rows[0]!.stepCells.label).toMatch(/^fetch skipped, parse failed.*, report skipped$/);
  });
});

describe('attemptRows', () => {
  const event = (eventType: string, appliedAt: string, payload: object, more = {}) =>
    ({
      eventType,
      appliedAt,
      payload: JSON.stringify(payload),
      outcome: 'applied',
      origin: 'worker',
      toPhase: null,
      ...more,
    }) as PastEvent;
  const known: Partial<PastEvent> = { origin: 'server' };

  it('returns no rows for a single attempt', () => {
    expect(attemptRows(failed, [], END)).toEqual([]);
  });

  it('returns worker, duration and outcome of each attempt', () => {
    const run: Run = { ...failed, attempt: 2, workerId: 'w-2' };
    const rows = attemptRows(
      run,
      [
        event('run.requested', START, { attempt: 1 }, known),
        event('run.started', '2026-03-01T10:00:10.000Z', { attempt: 1, workerId: 'w-1' }),
        event('run.requested', '2026-03-01T10:01:00.000Z', { attempt: 2 }, known),
        event(
          'run.started',
          '2026-03-01T10:01:30.000Z',
          { attempt: 1, workerId: 'w-1' },
          { outcome: 'stale-attempt' },
        ),
        event('run.started', '2026-03-01T10:02:00.000Z', { attempt: 2, workerId: 'w-2' }),
      ],
      END,
    );
    expect(
      rows.map(({ number, worker, remark, mark, duration }) => [
        number,
        worker,
        remark,
        mark.tone,
        duration?.text,
      ]),
    ).toEqual([
      [1, 'w-1', 'worker lost', 'failed', '50 s'],
      [2, 'w-2', null, 'failed', '3 min 0 s'],
    ]);
  });
});

describe('rerunOffer', () => {
  it('returns null while the run is active', () => {
    expect(rerunOffer(aNewRun(), current(), null)).toBeNull();
  });

  it.each<[string, Run, Parameters<typeof rerunOffer>[1], boolean, string]>([
    [
      'same scope and parameters',
      failed,
      current({ params: { depth: {} as never } }),
      true,
      'Re-run repeats Full pipeline (fetch, parse, report) with the same parameters.',
    ],
    [
      'without removed parameters',
      { ...failed, scope: 'only:parse' },
      current(),
      true,
      'Re-run repeats Only parse (parse) with the same parameters except depth, which the project no longer has.',
    ],
    [
      'with the current project',
      { ...failed, params: {} },
      current({}, 'other'),
      true,
      'Re-run repeats Full pipeline (fetch, parse, report) without parameters. The project has changed since; the re-run uses the current version.',
    ],
    [
      'without an optional secret',
      { ...failed, secretParams: ['token'] },
      current({ params: { depth: {} as never, token: aParam({ type: 'secret' }) } }),
      true,
      'Re-run repeats Full pipeline (fetch, parse, report) with the same parameters, without the secret token.',
    ],
    [
      'refused without a required secret',
      { ...failed, secretParams: ['token'] },
      current({ params: { depth: {} as never, token: aParam({ type: 'secret', required: true }) } }),
      false,
      'To re-run, give token again in the form of the project: Jobato deletes secrets at the end of a run.',
    ],
    [
      'refused for a removed scope',
      { ...failed, scope: 'only:fit' },
      current(),
      false,
      'Re-run is not possible: the project no longer has the scope only:fit.',
    ],
    [
      'refused for a removed project',
      failed,
      null,
      false,
      'Re-run is not possible: the project is no longer in the configuration.',
    ],
  ])('describes the offer: %s', (_what, run, project, canRepeat, words) => {
    expect(rerunOffer(run, project, null)).toMatchObject({ canRepeat, words });
  });

  it('has no re-run from the failed step if that is the first step', () => {
    const first = after(aNewRun(), [
      { type: 'fail', occurredAt: LATER, payload: { errorCode: 'X', message: 'x', step: 'fetch' } },
    ]);
    expect(rerunOffer(first, current(), null)!.fromFailed).toBeNull();
  });

  it('is refused while the quota is used up, and links to the form if the project has parameters', () => {
    const quota = { remaining: 0, resetsAt: END } as QuotaStatus;
    expect(rerunOffer(failed, current(), quota)).toMatchObject({
      refusal: { text: expect.stringContaining('used up'), at: { datetime: END } },
      changeHref: null,
    });
    expect(
      rerunOffer(failed, current({ params: { depth: {} as never } }), { ...quota, remaining: 1 }),
    ).toMatchObject({
      refusal: null,
      changeHref: `/projects/${failed.projectId}?like=${failed.runId}`,
    });
  });

  it('includes a re-run from the failed step, and from each step after the first', () => {
    expect(rerunOffer(failed, current(), null)!.fromFailed).toEqual({
      scope: 'from:parse',
      step: 'parse',
      words: 'runs parse, report; earlier results are kept.',
    });
    expect(rerunOffer(failed, current({ steps: [] }), null)!.fromFailed).toBeNull();
    expect(rerunOffer(failed, current(), null)!.froms.map(({ scope }) => scope)).toEqual([
      'from:parse',
      'from:report',
    ]);
  });
});
