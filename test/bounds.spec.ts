import { randomUUID } from 'node:crypto';
import type { Test } from 'supertest';
import { AppliedEventRepository } from '../src/events/applied-event.repository';
import { EventStream } from '../src/events/event-stream';
import { PROBLEMS, type ErrorCode } from '../src/http/problem-catalogue';
import { MAX_LISTED_EVENTS } from '../src/intake/event-listing';
import { RejectedEvents } from '../src/events/rejected-events';
import type { RunView } from '../src/runs/run-view';
import { problem } from './support/expect-problem';
import { RunningApp } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';
import { until } from './support/until';

const KIB = 1024;
const MIB = 1024 * KIB;
const LONG_STEP = 's'.repeat(100);
const PARAMS = `params:
  text: { type: string }
  more: { type: string }
  word: { type: string, pattern: '(a+)+b?' }
  few: { type: string, max: 5 }
  one: { type: enum, values: [a, b] }
`;
const FREE = Array.from({ length: 40 }, (_, index) => `free${index}`);

describe('input limits', () => {
  let jobato: RunningApp;
  let worker: HttpWorker;
  let used = 0;
  /** Not used by any case, so every case can send events to it. */
  let runId: string;

  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        steps: `id: steps\n${PARAMS}steps:\n  - name: ${LONG_STEP}\n    command: [echo]\n`,
        ...Object.fromEntries(FREE.map((id) => [id, externalProject(id, PARAMS)])),
      },
      { JOBATO_API_KEY: KEY, WORKER: 'off', ARTIFACT_LIMIT_MB: '1' },
    );
    worker = new HttpWorker(jobato);
    runId = await aRun();
  });
  afterAll(() => jobato.stop());

  const aRun = async () => (await jobato.trigger(FREE[used++]!)).runId;
  const trigger = (body: object | string, headers: Record<string, string> = {}, id = FREE[used++]!) =>
    jobato.api.post(`/api/projects/${id}/runs`).type('json').set(headers).send(body);
  const get =
    (path: string, headers: Record<string, string> = {}) =>
    () =>
      jobato.api.get(path).set(headers);
  const post = (path: string, body: unknown) => () => worker.post(path, body);
  const events = (body: string) => () => worker.api.post('/api/internal/events').type('json').send(body);
  const view = async (id: string) => (await jobato.api.get(`/api/runs/${id}`).expect(200)).body as RunView;
  const text = (length: number) => 'x'.repeat(length);
  const logLine = (more: object) => () => worker.log(runId, [{ text: 'x', ...more }]);
  /** Returns a body of exactly this many bytes. */
  const bodyOf = (bytes: number) => `{"params":{"text":"${text(bytes - 22)}"}}`;
  const form = (body: string) => () =>
    jobato.api
      .post('/projects/steps/runs')
      .type('form')
      .set({ accept: 'application/json', origin: jobato.url })
      .send(body);

  type Send = () => Test;
  /** At the limit a request is processed; beyond it, it is refused with this code. */
  const REFUSED: [string, Send, Send, ErrorCode][] = [
    ['a body: 1 MiB', () => trigger(bodyOf(MIB)), () => trigger(bodyOf(MIB + 1)), 'PAYLOAD_TOO_LARGE'],
    [
      'scope: 200 characters',
      () => trigger({ scope: `only:${LONG_STEP}` }, {}, 'steps'),
      () => trigger({ scope: text(201) }),
      'VALIDATION',
    ],
    [
      'params together: 64 KiB',
      () => trigger({ params: { text: text(64 * KIB - 11) } }),
      () => trigger({ params: { text: text(64 * KIB - 10) } }),
      'VALIDATION',
    ],
    [
      'a param with a pattern: 4 KiB',
      () => trigger({ params: { word: 'a'.repeat(4 * KIB) } }),
      () => trigger({ params: { word: 'a'.repeat(4 * KIB + 1) } }),
      'VALIDATION',
    ],
    [
      'a param with a largest length',
      () => trigger({ params: { few: 'aaaaa' } }),
      () => trigger({ params: { few: 'aaaaaa' } }),
      'VALIDATION',
    ],
    [
      'an enum',
      () => trigger({ params: { one: 'a' } }),
      () => trigger({ params: { one: text(500_000) } }),
      'VALIDATION',
    ],
    [
      'triggeredBy',
      () => trigger({ triggeredBy: 'api' }),
      () => trigger({ triggeredBy: text(500_000) }),
      'VALIDATION',
    ],
    [
      'Idempotency-Key: 255 characters',
      () => trigger({}, { 'idempotency-key': text(255) }),
      () => trigger({}, { 'idempotency-key': text(256) }),
      'VALIDATION',
    ],
    ['limit: 200', get('/api/runs?limit=200'), get('/api/runs?limit=201'), 'VALIDATION'],
    [
      'scope in a query',
      get(`/api/runs?scope=${text(200)}`),
      get(`/api/runs?scope=${text(201)}`),
      'VALIDATION',
    ],
    [
      'status in a query',
      get('/api/runs?status=failed'),
      get(`/api/runs?status=${text(5000)}`),
      'VALIDATION',
    ],
    [
      'projectId in a query',
      get(`/api/runs?projectId=${text(200)}`),
      get(`/api/runs?projectId=${text(201)}`),
      'VALIDATION',
    ],
    [
      'from: 40 characters',
      get('/api/runs?from=2026-01-01T00:00:00.0000000000000000000Z'),
      get('/api/runs?from=2026-01-01T00:00:00.00000000000000000000Z'),
      'VALIDATION',
    ],
    [
      'to',
      get('/api/runs?to=2026-01-01'),
      get(`/api/runs?to=2026-01-01T00:00:00.${'0'.repeat(5000)}Z`),
      'VALIDATION',
    ],
    [
      'cursor of runs',
      get(`/api/runs?cursor=${randomUUID()}`),
      get(`/api/runs?cursor=${text(5000)}`),
      'VALIDATION',
    ],
    [
      'cursor of rejected events',
      get(`/api/events/rejected?cursor=${'9'.repeat(15)}`),
      get(`/api/events/rejected?cursor=${'9'.repeat(16)}`),
      'VALIDATION',
    ],
    [
      'after in a log',
      () => get(`/api/runs/${runId}/logs?after=${Number.MAX_SAFE_INTEGER}`)(),
      () => get(`/api/runs/${runId}/logs?after=1e300`)(),
      'VALIDATION',
    ],
    [
      'lines of a log: 10,000',
      () => get(`/api/runs/${runId}/logs?limit=10000`, { accept: 'application/json' })(),
      () => get(`/api/runs/${runId}/logs?limit=10001`, { accept: 'application/json' })(),
      'VALIDATION',
    ],
    [
      'a project in an address',
      get(`/api/projects/${FREE[0]}`),
      get(`/api/projects/${text(5000)}`),
      'PROJECT_NOT_FOUND',
    ],
    [
      'a run in an address',
      () => get(`/api/runs/${runId}`)(),
      get(`/api/runs/${text(5000)}`),
      'RUN_NOT_FOUND',
    ],
    [
      'a rejected event in an address',
      get('/api/events/rejected'),
      () => jobato.api.delete(`/api/events/rejected/${'9'.repeat(5000)}`),
      'REJECTED_EVENT_NOT_FOUND',
    ],
    [
      'workerId: 200 characters',
      post('runs/claim', { workerId: text(200), projectIds: ['none'] }),
      post('runs/claim', { workerId: text(201) }),
      'VALIDATION',
    ],
    [
      'projectIds: 1,000',
      post('runs/claim', { workerId: 'w', projectIds: Array(1000).fill('none') }),
      post('runs/claim', { workerId: 'w', projectIds: Array(1001).fill('none') }),
      'VALIDATION',
    ],
    [
      'each of projectIds: 200 characters',
      post('runs/claim', { workerId: 'w', projectIds: [text(200)] }),
      post('runs/claim', { workerId: 'w', projectIds: [text(201)] }),
      'VALIDATION',
    ],
    [
      'waitSeconds: 60',
      post('runs/claim', { workerId: 'w', projectIds: ['none'], waitSeconds: 0 }),
      post('runs/claim', { workerId: 'w', waitSeconds: 61 }),
      'VALIDATION',
    ],
    [
      'executor',
      post('runs/claim', { workerId: 'w', projectIds: ['none'], executor: 'external' }),
      post('runs/claim', { workerId: 'w', executor: text(5000) }),
      'VALIDATION',
    ],
    [
      'events in a call: 500',
      () =>
        worker.post(
          'events',
          Array.from({ length: 500 }, () => anEvent(runId, 'run.progress')),
        ),
      () =>
        worker.post(
          'events',
          Array.from({ length: 501 }, () => anEvent(runId, 'run.progress')),
        ),
      'VALIDATION',
    ],
    [
      'a body of events: 16 MiB',
      events(`[${' '.repeat(16 * MIB - 2)}]`),
      events(`[${' '.repeat(16 * MIB - 1)}]`),
      'PAYLOAD_TOO_LARGE',
    ],
    [
      'lines in a call: 10,000',
      () => worker.log(runId, Array(10_000).fill({ text: '' })),
      () => worker.log(runId, Array(10_001).fill({ text: '' })),
      'VALIDATION',
    ],
    [
      'step of a line: 200 characters',
      logLine({ step: text(200) }),
      logLine({ step: text(201) }),
      'VALIDATION',
    ],
    ['at of a line: 40 characters', logLine({ at: text(40) }), logLine({ at: text(41) }), 'VALIDATION'],
    ['stream of a line', logLine({ stream: 'stderr' }), logLine({ stream: text(5000) }), 'VALIDATION'],
    ['n of a line', logLine({ n: Number.MAX_SAFE_INTEGER }), logLine({ n: 1e300 }), 'VALIDATION'],
    [
      'workerId of lines',
      () => worker.log(runId, []),
      () => worker.log(runId, [], { workerId: text(201) }),
      'VALIDATION',
    ],
    [
      'the name of an artifact: 200 characters',
      () => worker.upload(runId, text(200), 'x'),
      () => worker.upload(runId, text(201), 'x'),
      'VALIDATION',
    ],
    [
      'an artifact: ARTIFACT_LIMIT_MB',
      () => worker.upload(runId, 'large', text(MIB)),
      () => worker.upload(runId, 'large', text(MIB + 1)),
      'PAYLOAD_TOO_LARGE',
    ],
    [
      'Last-Event-ID',
      () =>
        get(`/api/runs/${endedRunId}/logs`, {
          accept: 'text/event-stream',
          'last-event-id': `${Number.MAX_SAFE_INTEGER}`,
        })(),
      () =>
        get(`/api/runs/${endedRunId}/logs`, {
          accept: 'text/event-stream',
          'last-event-id': '9'.repeat(5000),
        })(),
      'VALIDATION',
    ],
    ['a form: 1 MiB', form('scope=full'), form(`scope=full&x=${text(MIB)}`), 'PAYLOAD_TOO_LARGE'],
  ];
  const AT_BOUND: Record<string, number[]> = { 'a body: 1 MiB': [400], 'a form: 1 MiB': [403] };
  let endedRunId: string;
  beforeAll(async () => {
    endedRunId = await aRun();
    await worker.say(anEvent(endedRunId, 'run.completed'));
  });

  it.each(REFUSED)(
    'accept input at the limit and reject it beyond: %s',
    async (what, atBound, beyond, code) => {
      const { status } = await atBound();
      // The request passes the limit, but may fail another check: a form needs its token, and 1 MiB has a too large
      // param.
      expect(AT_BOUND[what] ?? [200, 201, 202, 204]).toContain(status);
      const refused = await beyond().expect(problem(PROBLEMS[code].status, code));
      expect(refused.text.length).toBeLessThan(20_000);
    },
  );

  it.each([
    [
      'names of params',
      { params: Object.fromEntries(Array.from({ length: 15_000 }, (_, n) => [`unknown${n}`, 1])) },
    ],
    ['members', Object.fromEntries(Array.from({ length: 15_000 }, (_, n) => [`unknown${n}`, 1]))],
    ['a long name', { [text(500_000)]: 1 }],
  ])('keep error responses short for many or long errors: %s', async (_what, body) => {
    const refused = await trigger(body).expect(problem(400, 'VALIDATION'));
    expect(refused.text.length).toBeLessThan(50_000);
  });

  it.each([
    ['a header', { headers: { 'x-long': text(20_000) } }],
    ['a cookie', { headers: { cookie: `jobato=${text(20_000)}` } }],
  ])('reject with the HTTP parser: %s of 20 kB', async (_what, init) => {
    expect((await jobato.fetch('/api/runs', init)).status).toBe(431);
  });

  it.each([
    ['a message', { message: text(10_000) }, { message: text(10_001) }],
    ['the name of a step', { step: text(200) }, { step: text(201) }],
    ['metrics', { metrics: numbered(10_000) }, { metrics: numbered(10_001) }],
    ['artifacts', { artifacts: files(1000) }, { artifacts: files(1001) }],
    ['calls', { quotaUsed: 0 }, { quotaUsed: 1e300 }],
    ['the whole payload', { message: 'x', more: text(MIB - 25) }, { message: 'x', more: text(MIB - 24) }],
  ])('accept an event at the limit and reject it beyond: %s', async (_what, atBound, beyond) => {
    const id = await aRun();
    expect(
      await worker.say(anEvent(id, 'run.progress', atBound), anEvent(id, 'run.progress', beyond)),
    ).toEqual({ accepted: 1, duplicates: 0, rejected: [{ index: 1, reason: expect.any(String) }] });
  });

  it('reject a large stream entry and keep only its start', async () => {
    const rejected = jobato.app.get(RejectedEvents, { strict: false });
    const before = (await rejected.totals()).events;
    const fields = {
      eventId: randomUUID(),
      eventType: 'run.progress',
      eventVersion: '1',
      occurredAt: '',
      runId,
    };
    await jobato.app.get(EventStream, { strict: false }).publish([{ ...fields, payload: text(4 * MIB) }]);
    await until(async () => (await rejected.totals()).events !== before);
    const { items } = await rejected.list(1);
    expect(items[0]!.receivedBytes).toBeGreaterThan(4 * MIB);
    expect(items[0]!.bytes).toBeLessThan(10 * KIB);
    await jobato.api
      .post(`/api/events/rejected/${items[0]!.id}/redeliver`)
      .expect(problem(409, 'REJECTED_EVENT_CUT'));
  });

  it('cut a log line of more than 64 KiB', async () => {
    const id = await aRun();
    await worker.log(id, [{ text: text(64 * KIB) }, { text: text(64 * KIB + 1) }]).expect(202);
    const log = await get(`/api/runs/${id}/logs`, { accept: 'application/json' })().expect(200);
    const { items } = log.body as { items: { text: string }[] };
    expect(items.map(({ text: line }) => line.endsWith('[line cut at 64 KiB]'))).toEqual([false, true]);
  });

  it('omit metrics, artifacts and steps beyond the limits of a run, with a note', async () => {
    const id = await aRun();
    const told = (payload: object) => worker.say(anEvent(id, 'run.progress', payload));
    await told({ metrics: numbered(500), artifacts: files(1000) });
    for (let n = 0; n < 200; n++) await told({ step: `step ${n}`, stepStatus: 'completed' });
    expect(await view(id)).toMatchObject({ omitted: [] });
    await told({ metrics: { another: 1, metric7: 70, [text(101)]: 1 } });
    await told({ artifacts: [{ name: 'another', size: 1 }] });
    await told({ step: 'another', stepStatus: 'running' });
    await told({ message: '\u0001'.repeat(10_000) });
    await worker.say(
      anEvent(id, 'run.failed', { errorCode: 'X', message: text(100_000), reason: text(10_000) }),
    );

    const run = await view(id);
    expect(run.omitted).toEqual(['metrics', 'artifacts', 'steps']);
    expect(Object.keys(run.summary)).toHaveLength(502); // including the two that every summary has
    expect(run.summary).toMatchObject({ metric7: 70 });
    expect([run.artifacts.length, run.steps.length]).toEqual([1000, 200]);
    expect(run.error!.message).toMatch(/ … \[cut\]$/);
    expect(Buffer.byteLength(JSON.stringify(run))).toBeLessThan(MIB);
    const page = await (await jobato.fetch(`/runs/${id}`)).text();
    expect(page).toContain('This run reported too many metrics');
    expect(page).toContain('Show all <span data-numbers>1,000</span> in the API');
    expect(page.length).toBeLessThan(MIB);
  });

  it('keep newJobsCount and relevantCount beside 500 other metrics', async () => {
    const id = await aRun();
    await worker.say(
      anEvent(id, 'run.progress', { metrics: numbered(500) }),
      anEvent(id, 'run.completed', { newJobsCount: 3, relevantCount: 2 }),
    );
    expect((await view(id)).summary).toMatchObject({ newJobsCount: 3, relevantCount: 2 });
  });

  it('apply events beyond the limit of a run without listing them', async () => {
    const id = await aRun();
    const send = (from: number, count: number) =>
      worker.post(
        'events',
        Array.from({ length: count }, (_, n) => anEvent(id, 'run.progress', { current: from + n })),
      );
    for (let from = 0; from < MAX_LISTED_EVENTS; from += 500) await send(from, 500);
    await send(MAX_LISTED_EVENTS, 7);
    const calls = anEvent(id, 'run.progress', { quotaUsed: 2, current: 20_000 });
    expect(await worker.say(calls)).toMatchObject({ accepted: 1 });
    expect(await worker.say(calls)).toMatchObject({ duplicates: 1 });
    expect((await view(id)).progress.current).toBe(20_000);
    await worker.say(anEvent(id, 'run.progress', { step: 'last', stepStatus: 'completed' }));
    await worker.say(anEvent(id, 'run.completed', {}));
    expect((await view(id)).status).toBe('completed');
    expect((await view(id)).steps).toMatchObject([{ name: 'last', status: 'completed' }]);

    const { items } = await jobato.app.get(AppliedEventRepository).list(id, 20_000);
    // The request of the run, the calls, which count once, and the end.
    expect(items).toHaveLength(MAX_LISTED_EVENTS + 3);
    const listed = (await (await jobato.fetch(`/api/runs/${id}/events?limit=1`)).json()) as {
      unlisted: number;
    };
    expect(listed.unlisted).toBe(9);
    expect(await (await jobato.fetch(`/runs/${id}/timeline`)).text()).toContain(
      'more events were applied but are not listed',
    );
  });

  it('bound the total size of listed payloads', async () => {
    const id = await aRun();
    for (let n = 0; n < 20; n++)
      await worker.say(anEvent(id, 'run.progress', { current: n, more: text(MIB - 100) }));
    const { items, nextCursor } = await jobato.app.get(AppliedEventRepository).list(id, 200);
    expect([items.length, nextCursor !== null]).toEqual([5, true]); // 4 MiB per page, and the request
    expect((await view(id)).progress.current).toBe(19);
    const answer = await jobato.fetch(`/api/runs/${id}/events?limit=1`);
    expect(((await answer.json()) as { unlisted: number }).unlisted).toBe(4);
  });
});

function numbered(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`metric${n}`, n]));
}

function files(count: number): object[] {
  return Array.from({ length: count }, (_, n) => ({ name: `file${n}`, size: n }));
}
