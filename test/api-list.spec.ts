import type { RunView } from '../src/runs/run-view';
import { EventStream } from '../src/events/event-stream';
import { expectInvalid, expectProblem } from './support/expect-problem';
import { isOnRedis, nodeStep, RunningApp } from './support/jobato';

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}
interface EventView {
  eventId: string;
  eventType: string;
  occurredAt: string;
  appliedAt: string;
  payload: Record<string, unknown>;
  outcome: string;
  origin: string;
  fromPhase: string | null;
  toPhase: string | null;
  effect: string | null;
}

const UNKNOWN_RUN = '01890000-0000-7000-8000-000000000000';
const json = async <Body>(response: Response): Promise<Body> => {
  const text = await response.text();
  expect([response.status, text]).toEqual([200, expect.any(String)]);
  return JSON.parse(text) as Body;
};
const ids = ({ items }: Page<{ runId: string }>) => items.map(({ runId }) => runId);

/**
 * Without a worker: each run is stopped at once, so that the next can start. Created once; all tests here only
 * read.
 */
describe('GET /api/runs', () => {
  let jobato: RunningApp;
  /** Oldest first. */
  const made: RunView[] = [];
  const list = (query = '', of = '/api/runs') => jobato.fetch(`${of}${query}`);

  beforeAll(async () => {
    jobato = await RunningApp.start(
      { one: nodeStep('one', '0', 'default: true\n'), two: nodeStep('two', '0') },
      { WORKER: 'off' },
    );
    const asked: [string, object][] = [
      ['one', {}],
      ['two', { triggeredBy: 'manual' }],
      ['one', { scope: 'only:work' }],
      ['two', { triggeredBy: 'schedule', scope: 'only:work' }],
      ['one', { triggeredBy: 'auto' }],
      ['one', { triggeredBy: 'manual' }],
      ['two', {}],
    ];
    for (const [projectId, body] of asked) {
      const run = await jobato.trigger(projectId, body);
      made.push(run);
      // The last two keep running.
      if (made.length <= 5) await jobato.fetch(`/api/runs/${run.runId}`, { method: 'DELETE' });
    }
  });
  afterAll(() => jobato.stop());

  const wanted = (choose: (run: RunView, index: number) => boolean) =>
    made
      .filter(choose)
      .map(({ runId }) => runId)
      .reverse();

  it('lists runs newest first, with the same content as single runs', async () => {
    // After publication, the reason for waiting no longer changes.
    const isPublished = async () => !(await (await list()).text()).includes('not-yet-published');
    while (!(await isPublished()));
    const page = await json<Page<RunView>>(await list());
    expect(Object.keys(page)).toEqual(['items', 'nextCursor']);
    expect(page.nextCursor).toBeNull();
    expect(ids(page)).toEqual(wanted(() => true));
    for (const run of page.items) {
      expect(run).toEqual(await json<RunView>(await list(`/${run.runId}`)));
      expect(run).toEqual(
        await json<RunView>(await list(`/${run.runId}`, `/api/projects/${run.projectId}/runs`)),
      );
    }
  });

  it.each<[string, (run: RunView, index: number) => boolean]>([
    ['?projectId=one', ({ projectId }) => projectId === 'one'],
    ['?projectId=nothing', () => false],
    ['?status=running', (_, index) => index >= 5],
    ['?status=cancelled', (_, index) => index < 5],
    ['?status=completed', () => false],
    ['?scope=only:work', ({ scope }) => scope === 'only:work'],
    ['?scope=nothing', () => false],
    ['?triggeredBy=manual', ({ triggeredBy }) => triggeredBy === 'manual'],
    ['?status=cancelled&projectId=two&scope=only:work', (_, index) => index === 3],
    ['?limit=200', () => true],
  ])('filters by %s', async (query, choose) => {
    expect(ids(await json(await list(query)))).toEqual(wanted(choose));
  });

  it("lists only the project's runs below a project", async () => {
    const page = await json<Page<RunView>>(await list('?status=cancelled', '/api/projects/two/runs'));
    expect(ids(page)).toEqual(wanted(({ projectId }, index) => projectId === 'two' && index < 5));
    await expectProblem(await list('', '/api/projects/nothing/runs'), 404, 'PROJECT_NOT_FOUND');
    expect(await expectInvalid(await list('?projectId=one', '/api/projects/two/runs'))).toEqual([
      'projectId',
    ]);
  });

  it('filters by time in any zone, with both ends included', async () => {
    const { startedAt } = made[3]!;
    const from = await json<Page<RunView>>(await list(`?from=${startedAt}`));
    expect(ids(from)).toEqual(wanted((run) => run.startedAt >= startedAt));
    const to = await json<Page<RunView>>(await list(`?to=${startedAt}`));
    expect(ids(to)).toEqual(wanted((run) => run.startedAt <= startedAt));
    const both = await json<Page<RunView>>(await list(`?from=${startedAt}&to=${startedAt}`));
    expect(ids(both)).toEqual(wanted((run) => run.startedAt === startedAt));

    const elsewhere = new Date(Date.parse(startedAt) + 2 * 3600_000).toISOString().replace('Z', '+02:00');
    expect(ids(await json(await list(`?from=${encodeURIComponent(elsewhere)}`)))).toEqual(ids(from));
    expect(ids(await json(await list('?to=2020-01-01T00:00:00Z')))).toEqual([]);
    expect(ids(await json(await list('?from=2020-01-01')))).toHaveLength(made.length);
    expect(ids(await json(await list('?from=2999-01-01')))).toEqual([]);
  });

  it.each<[string, string]>([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=abc', 'limit'],
    ['limit=', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=abc', 'cursor'],
    ['cursor=', 'cursor'],
    ["cursor=' OR 1=1 --", 'cursor'],
    ['status=done', 'status'],
    ['status=', 'status'],
    ['status=running&status=failed', 'status'],
    ['scope=a&scope=b', 'scope'],
    ['triggeredBy=me', 'triggeredBy'],
    ['from=yesterday', 'from'],
    ['from=', 'from'],
    ['from=2025-13-01', 'from'],
    ['from=2025-02-30', 'from'],
    ['from=1730000000000', 'from'],
    ['from=2025-W01-1', 'from'],
    ['to=2025-1-1', 'to'],
    ['to=2025-01-01T25:00:00Z', 'to'],
    ['page=2', 'page'],
  ])('rejects ?%s', async (query, field) => {
    for (const of of ['/api/runs', '/api/projects/one/runs']) {
      expect(await expectInvalid(await list(`?${query}`, of))).toEqual([field]);
    }
  });

  it('pages through all runs once while new runs start', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    let page: Page<RunView>;
    do {
      page = await json<Page<RunView>>(await list(`?limit=2${cursor ? `&cursor=${cursor}` : ''}`));
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...ids(page));
      cursor = page.nextCursor;
      if (seen.length === 2) {
        await jobato.fetch(`/api/runs/${made[5]!.runId}`, { method: 'DELETE' });
        made.push(await jobato.trigger('one'));
      }
    } while (cursor !== null);
    expect(seen).toEqual(wanted((_, index) => index < 7));
    // A page that is exactly full is the last one.
    const full = await json<Page<RunView>>(await list(`?limit=${made.length}`));
    expect([full.items.length, full.nextCursor]).toEqual([made.length, null]);
  });

  it('accepts a cursor in upper case', async () => {
    const cursor = made[3]!.runId.toUpperCase();
    expect(ids(await json(await list(`?cursor=${cursor}`)))).toEqual(wanted((_, index) => index < 3));
  });

  it.each([UNKNOWN_RUN, 'abc', '1', '%00', '..%2F..', `${UNKNOWN_RUN}x`, '__proto__'])(
    'returns 404 for the run ID "%s"',
    async (runId) => {
      for (const path of [`/api/runs/${runId}`, `/api/projects/one/runs/${runId}`]) {
        await expectProblem(await jobato.fetch(path), 404, 'RUN_NOT_FOUND');
        await expectProblem(await jobato.fetch(path, { method: 'DELETE' }), 404, 'RUN_NOT_FOUND');
        await expectProblem(await jobato.fetch(`${path}/events`), 404, 'RUN_NOT_FOUND');
        await expectProblem(await jobato.fetch(`${path}/logs`), 404, 'RUN_NOT_FOUND');
      }
      await expectProblem(
        await jobato.fetch(`/api/runs/${runId}/rerun`, { method: 'POST' }),
        404,
        'RUN_NOT_FOUND',
      );
      await expectProblem(await jobato.fetch(`/api/runs/${runId}/artifacts/a`), 404, 'RUN_NOT_FOUND');
    },
  );

  it('does not return a run below another project', async () => {
    const { runId } = made.find(({ projectId }) => projectId === 'two')!;
    for (const projectId of ['one', 'nothing']) {
      const path = `/api/projects/${projectId}/runs/${runId}`;
      await expectProblem(await jobato.fetch(path), 404, 'RUN_NOT_FOUND');
      await expectProblem(await jobato.fetch(path, { method: 'DELETE' }), 404, 'RUN_NOT_FOUND');
      await expectProblem(await jobato.fetch(`${path}/events`), 404, 'RUN_NOT_FOUND');
      await expectProblem(await jobato.fetch(`${path}/logs`), 404, 'RUN_NOT_FOUND');
    }
  });

  it('accepts a run ID in upper case', async () => {
    const { runId } = made[0]!;
    expect((await json<RunView>(await list(`/${runId.toUpperCase()}`))).runId).toBe(runId);
  });
});

describe('reports and history of runs', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      counts: nodeStep(
        'counts',
        `const { writeSync } = require('fs');
         const { found } = JSON.parse(process.env.JOBATO_PARAMS);
         writeSync(3, JSON.stringify({ metrics: { newJobsCount: found, relevantCount: 1, extra: 2 } }) + '\\n');
         process.exit(found > 5 ? 1 : 0)`,
        'params:\n  found: { type: integer, default: 3 }\n',
      ),
      other: nodeStep('other', '0'),
      never: nodeStep('never', '0'),
    });
  });
  afterAll(() => jobato.stop());
  const end = async (projectId: string, body: object = {}) =>
    jobato.untilEnded((await jobato.trigger(projectId, body)).runId);

  it('return 204 before any run has ended, and 404 for unknown projects', async () => {
    for (const query of ['', '?projectId=counts']) {
      const response = await jobato.fetch(`/api/reports/runs/latest${query}`);
      expect([response.status, await response.text()]).toEqual([204, '']);
    }
    await expectProblem(
      await jobato.fetch('/api/reports/runs/latest?projectId=nothing'),
      404,
      'PROJECT_NOT_FOUND',
    );
    await expectProblem(await jobato.fetch('/api/projects/never/runs/current'), 404, 'RUN_NOT_FOUND');
    await expectProblem(await jobato.fetch('/api/projects/nothing/runs/current'), 404, 'PROJECT_NOT_FOUND');
    expect(await json(await jobato.fetch('/api/projects/never/summary'))).toEqual({
      projectId: 'never',
      activeRun: null,
      lastRun: null,
      quota: null,
    });
    await expectProblem(await jobato.fetch('/api/projects/nothing/summary'), 404, 'PROJECT_NOT_FOUND');
  });

  it('return the latest ended run of all projects or of one', async () => {
    const first = await end('counts');
    const second = await end('other');
    const summary = (run: typeof first) => ({
      runId: run.runId,
      projectId: run.projectId,
      status: 'completed',
      triggerTime: run.startedAt,
      durationMs: Date.parse(run.endedAt!) - Date.parse(run.startedAt),
    });
    expect(await json(await jobato.fetch('/api/reports/runs/latest'))).toEqual({
      ...summary(second),
      newJobsCount: null,
      relevantCount: null,
      quota: null,
    });
    const ofCounts = { ...summary(first), newJobsCount: 3, relevantCount: 1 };
    expect(await json(await jobato.fetch('/api/reports/runs/latest?projectId=counts'))).toEqual({
      ...ofCounts,
      quota: null,
    });
    expect(await json(await jobato.fetch('/api/projects/counts/summary'))).toEqual({
      projectId: 'counts',
      activeRun: null,
      lastRun: ofCounts,
      quota: null,
    });
    const run = await json<RunView>(await jobato.fetch('/api/projects/counts/runs/current'));
    expect(run.runId).toBe(first.runId);
    expect(run.summary).toEqual({ newJobsCount: 3, relevantCount: 1, extra: 2 });
    expect(run.durationMs).toBe(ofCounts.durationMs);
  });

  it("list a run's events in order with the effect of each", async () => {
    const run = await end('counts');
    const all = await json<Page<EventView>>(await jobato.fetch(`/api/runs/${run.runId}/events?limit=200`));
    expect(all.nextCursor).toBeNull();
    const types = all.items.map(({ eventType }) => eventType);
    expect(types[0]).toBe('run.requested');
    expect(all.items[0]).toMatchObject({ origin: 'server', toPhase: null, effect: 'published to workers' });
    expect(types).toEqual(expect.arrayContaining(['run.started', 'run.progress']));
    expect(types.at(-1)).toBe('run.completed');
    expect(all.items.at(-1)).toMatchObject({
      outcome: 'applied',
      origin: 'worker',
      fromPhase: 'active',
      toPhase: 'completed',
      effect: 'active → completed',
    });
    for (const event of all.items) {
      expect(Object.keys(event)).toEqual([
        'eventId',
        'eventType',
        'occurredAt',
        'appliedAt',
        'payload',
        'outcome',
        'origin',
        'fromPhase',
        'toPhase',
        'effect',
      ]);
      expect(event.appliedAt >= event.occurredAt).toBe(true);
    }
    // The same in pages, and at the address below the project.
    const paged: EventView[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: Page<EventView> = await json(
        await jobato.fetch(`/api/projects/counts/runs/${run.runId}/events?limit=2${query}`),
      );
      paged.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(paged).toEqual(all.items);
    expect(await expectInvalid(await jobato.fetch(`/api/runs/${run.runId}/events?limit=0`))).toEqual([
      'limit',
    ]);
    expect(await expectInvalid(await jobato.fetch(`/api/runs/${run.runId}/events?cursor=x`))).toEqual([
      'cursor',
    ]);
  });

  it('keep a late event and show that it had no effect', async () => {
    const run = await end('counts');
    await jobato.app.get(EventStream).publish([
      {
        eventId: '7d5a8a52-2f43-4a8e-9d0c-2f1f3a1b0c55',
        eventType: 'run.failed',
        eventVersion: '1',
        occurredAt: new Date().toISOString(),
        runId: run.runId,
        payload: JSON.stringify({ errorCode: 'LATE', message: 'too late' }),
      },
    ]);
    // The end of a later run shows that the earlier event was applied.
    await end('counts');
    const { items } = await json<Page<EventView>>(await jobato.fetch(`/api/runs/${run.runId}/events`));
    // Only this server writes to the embedded stream; on Redis, a run with steps requires a lease token first.
    const outcome = isOnRedis() ? 'lease-lost' : 'already-ended';
    expect(items.at(-1)).toMatchObject({ eventType: 'run.failed', outcome, effect: null });
    const after = await json<RunView>(await jobato.fetch(`/api/runs/${run.runId}`));
    expect(after).toMatchObject({ status: 'completed', error: null, endedAt: run.endedAt });
  });

  describe('re-run', () => {
    const rerun = (runId: string, body?: object, headers: Record<string, string> = {}) =>
      jobato.fetch(`/api/runs/${runId}/rerun`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: body && JSON.stringify(body),
      });

    it('uses the scope and params of the first run unless given others', async () => {
      const first = await end('counts', { scope: 'only:work', params: { found: 4 }, triggeredBy: 'manual' });
      const response = await rerun(first.runId);
      expect(response.status).toBe(201);
      const again = (await response.json()) as RunView;
      expect(response.headers.get('location')).toBe(`/api/runs/${again.runId}`);
      expect(again).toMatchObject({
        rerunOf: first.runId,
        triggeredBy: 'rerun',
        scope: 'only:work',
        params: { found: 4 },
        attempt: 1,
      });
      expect(again.runId).not.toBe(first.runId);
      await jobato.untilEnded(again.runId);

      const changed = (await (
        await rerun(first.runId, { scope: 'full', params: { found: 6 } })
      ).json()) as RunView;
      expect(changed).toMatchObject({ rerunOf: first.runId, scope: 'full', params: { found: 6 } });
      expect((await jobato.untilEnded(changed.runId)).status).toBe('failed');

      // Failed runs and re-runs can be repeated, too.
      const third = (await (await rerun(changed.runId, { params: { found: 1 } })).json()) as RunView;
      expect(third.rerunOf).toBe(changed.runId);
      expect((await jobato.untilEnded(third.runId)).status).toBe('completed');
      expect((await json<RunView>(await jobato.fetch(`/api/runs/${first.runId}`))).rerunOf).toBeNull();
    });

    it('validates its input like a trigger', async () => {
      const { runId } = await end('counts');
      expect(await expectInvalid(await rerun(runId, { scope: 'half' }))).toEqual(['scope']);
      expect(await expectInvalid(await rerun(runId, { params: { found: 'x' } }))).toEqual(['params.found']);
      expect(await expectInvalid(await rerun(runId, { params: { nothing: 1 } }))).toEqual(['params.nothing']);
      expect(await expectInvalid(await rerun(runId, { triggeredBy: 'api' }))).toEqual(['triggeredBy']);
      expect(await expectInvalid(await rerun(runId, { what: 1 }))).toEqual(['what']);
      await expectProblem(await rerun(UNKNOWN_RUN), 404, 'RUN_NOT_FOUND');
    });

    it('returns the first response for a repeated idempotency key', async () => {
      const { runId } = await end('counts');
      const [first, second] = [
        await rerun(runId, {}, { 'Idempotency-Key': 'again' }),
        await rerun(runId, {}, { 'Idempotency-Key': 'again' }),
      ];
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(second.headers.get('idempotent-replayed')).toBe('true');
      const text = await first.text();
      expect(await second.text()).toBe(text);
      await jobato.untilEnded((JSON.parse(text) as RunView).runId);
    });
  });
});

it('re-running a run that is still running is rejected', async () => {
  const jobato = await RunningApp.start({ waits: nodeStep('waits', '0') }, { WORKER: 'off' });
  const { runId } = await jobato.trigger('waits');
  const problem = await expectProblem(
    await jobato.fetch(`/api/runs/${runId}/rerun`, { method: 'POST' }),
    409,
    'RUN_IN_PROGRESS',
  );
  expect(problem.activeRunId).toBe(runId);
  await jobato.stop();
});
