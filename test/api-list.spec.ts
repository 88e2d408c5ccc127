import type { Response } from 'supertest';
import type { RunView } from '../src/runs/run-view';
import { EventStream } from '../src/events/event-stream';
import { invalid, problem } from './support/expect-problem';
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
const ids = ({ body }: Response) => (body as Page<RunView>).items.map(({ runId }) => runId);

/**
 * Without a worker: each run is stopped at once, so that the next can start. Created once; all tests here only
 * read.
 */
describe('GET /api/runs', () => {
  let jobato: RunningApp;
  /** Oldest first. */
  const made: RunView[] = [];
  const list = (query = '') => jobato.api.get(`/api/runs${query}`);

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
      if (made.length <= 5) await jobato.api.delete(`/api/runs/${run.runId}`);
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
    while ((await list()).text.includes('not-yet-published'));
    const response = await list().expect(200);
    const page = response.body as Page<RunView>;
    expect(Object.keys(page)).toEqual(['items', 'nextCursor']);
    expect(page.nextCursor).toBeNull();
    expect(ids(response)).toEqual(wanted(() => true));
    for (const run of page.items) {
      await jobato.api.get(`/api/runs/${run.runId}`).expect(200, run);
      await jobato.api.get(`/api/projects/${run.projectId}/runs/${run.runId}`).expect(200, run);
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
    expect(ids(await list(query).expect(200))).toEqual(wanted(choose));
  });

  it("lists only the project's runs below a project", async () => {
    const response = await jobato.api.get('/api/projects/two/runs?status=cancelled').expect(200);
    expect(ids(response)).toEqual(wanted(({ projectId }, index) => projectId === 'two' && index < 5));
    await jobato.api.get('/api/projects/nothing/runs').expect(problem(404, 'PROJECT_NOT_FOUND'));
    await jobato.api.get('/api/projects/two/runs?projectId=one').expect(invalid('projectId'));
  });

  it('filters by time in any zone, with both ends included', async () => {
    const { startedAt } = made[3]!;
    const from = await list(`?from=${startedAt}`).expect(200);
    expect(ids(from)).toEqual(wanted((run) => run.startedAt >= startedAt));
    const to = await list(`?to=${startedAt}`).expect(200);
    expect(ids(to)).toEqual(wanted((run) => run.startedAt <= startedAt));
    const both = await list(`?from=${startedAt}&to=${startedAt}`).expect(200);
    expect(ids(both)).toEqual(wanted((run) => run.startedAt === startedAt));

    const elsewhere = new Date(Date.parse(startedAt) + 2 * 3600_000).toISOString().replace('Z', '+02:00');
    expect(ids(await list(`?from=${encodeURIComponent(elsewhere)}`).expect(200))).toEqual(ids(from));
    expect(ids(await list('?to=2020-01-01T00:00:00Z').expect(200))).toEqual([]);
    expect(ids(await list('?from=2020-01-01').expect(200))).toHaveLength(made.length);
    expect(ids(await list('?from=2999-01-01').expect(200))).toEqual([]);
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
    for (const path of ['/api/runs', '/api/projects/one/runs']) {
      await jobato.api.get(`${path}?${query}`).expect(invalid(field));
    }
  });

  it('pages through all runs once while new runs start', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const response: Response = await list(`?limit=2${cursor ? `&cursor=${cursor}` : ''}`).expect(200);
      expect(ids(response).length).toBeLessThanOrEqual(2);
      seen.push(...ids(response));
      cursor = (response.body as Page<RunView>).nextCursor;
      if (seen.length === 2) {
        await jobato.api.delete(`/api/runs/${made[5]!.runId}`);
        made.push(await jobato.trigger('one'));
      }
    } while (cursor !== null);
    expect(seen).toEqual(wanted((_, index) => index < 7));
    // A page that is exactly full is the last one.
    const full = await list(`?limit=${made.length}`).expect(200);
    expect(full.body).toMatchObject({ nextCursor: null });
    expect(ids(full)).toHaveLength(made.length);
  });

  it('accepts a cursor in upper case', async () => {
    const cursor = made[3]!.runId.toUpperCase();
    expect(ids(await list(`?cursor=${cursor}`).expect(200))).toEqual(wanted((_, index) => index < 3));
  });

  it.each([UNKNOWN_RUN, 'abc', '0', '%00', '..%2F..', `${UNKNOWN_RUN}x`, '__proto__'])(
    'returns 404 for the run ID "%s"',
    async (runId) => {
      for (const path of [`/api/runs/${runId}`, `/api/projects/one/runs/${runId}`]) {
        await jobato.api.get(path).expect(problem(404, 'RUN_NOT_FOUND'));
        await jobato.api.delete(path).expect(problem(404, 'RUN_NOT_FOUND'));
        await jobato.api.get(`${path}/events`).expect(problem(404, 'RUN_NOT_FOUND'));
        await jobato.api.get(`${path}/logs`).expect(problem(404, 'RUN_NOT_FOUND'));
      }
      await jobato.api.post(`/api/runs/${runId}/rerun`).expect(problem(404, 'RUN_NOT_FOUND'));
      await jobato.api.get(`/api/runs/${runId}/artifacts/a`).expect(problem(404, 'RUN_NOT_FOUND'));
    },
  );

  it('does not return a run below another project', async () => {
    const { runId } = made.find(({ projectId }) => projectId === 'two')!;
    for (const projectId of ['one', 'nothing']) {
      const path = `/api/projects/${projectId}/runs/${runId}`;
      await jobato.api.get(path).expect(problem(404, 'RUN_NOT_FOUND'));
      await jobato.api.delete(path).expect(problem(404, 'RUN_NOT_FOUND'));
      await jobato.api.get(`${path}/events`).expect(problem(404, 'RUN_NOT_FOUND'));
      await jobato.api.get(`${path}/logs`).expect(problem(404, 'RUN_NOT_FOUND'));
    }
  });

  it('accepts a run ID in upper case', async () => {
    const { runId } = made[0]!;
    const { body } = await jobato.api.get(`/api/runs/${runId.toUpperCase()}`).expect(200);
    expect(body).toMatchObject({ runId });
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
      await jobato.api.get(`/api/reports/runs/latest${query}`).expect(204, '');
    }
    await jobato.api
      .get('/api/reports/runs/latest?projectId=nothing')
      .expect(problem(404, 'PROJECT_NOT_FOUND'));
    await jobato.api.get('/api/projects/never/runs/current').expect(problem(404, 'RUN_NOT_FOUND'));
    await jobato.api.get('/api/projects/nothing/runs/current').expect(problem(404, 'PROJECT_NOT_FOUND'));
    await jobato.api.get('/api/projects/never/summary').expect(200, {
      projectId: 'never',
      activeRun: null,
      lastRun: null,
      quota: null,
    });
    await jobato.api.get('/api/projects/nothing/summary').expect(problem(404, 'PROJECT_NOT_FOUND'));
  });

  it('return the latest ended run of all projects or of one', async () => {
    const first = await end('counts');
    const second = await end('other');
    const summary = (run: typeof first) => ({
      runId: run.runId,
      number: run.number,
      projectId: run.projectId,
      status: 'completed',
      triggerTime: run.startedAt,
      durationMs: Date.parse(run.endedAt!) - Date.parse(run.startedAt),
    });
    await jobato.api.get('/api/reports/runs/latest').expect(200, {
      ...summary(second),
      newJobsCount: null,
      relevantCount: null,
      quota: null,
    });
    const ofCounts = { ...summary(first), newJobsCount: 3, relevantCount: 1 };
    await jobato.api.get('/api/reports/runs/latest?projectId=counts').expect(200, {
      ...ofCounts,
      quota: null,
    });
    await jobato.api.get('/api/projects/counts/summary').expect(200, {
      projectId: 'counts',
      activeRun: null,
      lastRun: ofCounts,
      quota: null,
    });
    const current = await jobato.api.get('/api/projects/counts/runs/current').expect(200);
    const run = current.body as RunView;
    expect(run.runId).toBe(first.runId);
    expect(run.summary).toEqual({ newJobsCount: 3, relevantCount: 1, extra: 2 });
    expect(run.durationMs).toBe(ofCounts.durationMs);
  });

  it("list a run's events in order with the effect of each", async () => {
    const run = await end('counts');
    const response = await jobato.api.get(`/api/runs/${run.runId}/events?limit=200`).expect(200);
    const all = response.body as Page<EventView>;
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
      const { body } = await jobato.api
        .get(`/api/projects/counts/runs/${run.runId}/events?limit=2${query}`)
        .expect(200);
      const page = body as Page<EventView>;
      paged.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(paged).toEqual(all.items);
    await jobato.api.get(`/api/runs/${run.runId}/events?limit=0`).expect(invalid('limit'));
    await jobato.api.get(`/api/runs/${run.runId}/events?cursor=x`).expect(invalid('cursor'));
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
    const { body: events } = await jobato.api.get(`/api/runs/${run.runId}/events`).expect(200);
    // Only this server writes to the embedded stream; on Redis, a run with steps requires a lease token first.
    const outcome = isOnRedis() ? 'lease-lost' : 'already-ended';
    expect((events as Page<EventView>).items.at(-1)).toMatchObject({
      eventType: 'run.failed',
      outcome,
      effect: null,
    });
    const { body: after } = await jobato.api.get(`/api/runs/${run.runId}`).expect(200);
    expect(after).toMatchObject({ status: 'completed', error: null, endedAt: run.endedAt });
  });

  describe('re-run', () => {
    const rerun = (runId: string) => jobato.api.post(`/api/runs/${runId}/rerun`);

    it('needs no body, even if it is announced as JSON', async () => {
      const first = await end('counts');
      const response = await jobato.fetch(`/api/runs/${first.runId}/rerun`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      });
      expect(response.status).toBe(201);
      await jobato.untilEnded(((await response.json()) as RunView).runId);
    });

    it('uses the scope and params of the first run unless given others', async () => {
      const first = await end('counts', { scope: 'only:work', params: { found: 4 }, triggeredBy: 'manual' });
      const response = await rerun(first.runId).expect(201);
      const again = response.body as RunView;
      expect(response.headers.location).toBe(`/api/runs/${again.runId}`);
      expect(again).toMatchObject({
        rerunOf: first.runId,
        triggeredBy: 'rerun',
        scope: 'only:work',
        params: { found: 4 },
        attempt: 1,
      });
      expect(again.runId).not.toBe(first.runId);
      await jobato.untilEnded(again.runId);

      const changed = (await rerun(first.runId).send({ scope: 'full', params: { found: 6 } }))
        .body as RunView;
      expect(changed).toMatchObject({ rerunOf: first.runId, scope: 'full', params: { found: 6 } });
      expect((await jobato.untilEnded(changed.runId)).status).toBe('failed');

      // Failed runs and re-runs can be repeated, too.
      const third = (await rerun(changed.runId).send({ params: { found: 1 } })).body as RunView;
      expect(third.rerunOf).toBe(changed.runId);
      expect((await jobato.untilEnded(third.runId)).status).toBe('completed');
      const { body } = await jobato.api.get(`/api/runs/${first.runId}`).expect(200);
      expect(body).toMatchObject({ rerunOf: null });
    });

    it('validates its input like a trigger', async () => {
      const { runId } = await end('counts');
      await rerun(runId).send({ scope: 'half' }).expect(invalid('scope'));
      await rerun(runId)
        .send({ params: { found: 'x' } })
        .expect(invalid('params.found'));
      await rerun(runId)
        .send({ params: { nothing: 1 } })
        .expect(invalid('params.nothing'));
      await rerun(runId).send({ triggeredBy: 'api' }).expect(invalid('triggeredBy'));
      await rerun(runId).send({ what: 1 }).expect(invalid('what'));
      await rerun(UNKNOWN_RUN).expect(problem(404, 'RUN_NOT_FOUND'));
    });

    it('returns the first response for a repeated idempotency key', async () => {
      const { runId } = await end('counts');
      const headers = { 'Idempotency-Key': 'again' };
      const first = await rerun(runId).set(headers).send({}).expect(201);
      await rerun(runId)
        .set(headers)
        .send({})
        .expect(201)
        .expect('idempotent-replayed', 'true')
        .expect(({ text }) => expect(text).toBe(first.text));
      await jobato.untilEnded((first.body as RunView).runId);
    });
  });
});

it('re-running a run that is still running is rejected', async () => {
  const jobato = await RunningApp.start({ waits: nodeStep('waits', '0') }, { WORKER: 'off' });
  const { runId } = await jobato.trigger('waits');
  await jobato.api
    .post(`/api/runs/${runId}/rerun`)
    .expect(problem(409, 'RUN_IN_PROGRESS', { activeRunId: runId }));
  await jobato.stop();
});
