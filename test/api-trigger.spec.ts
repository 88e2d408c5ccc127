import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { Test } from 'supertest';
import { validate, version } from 'uuid';
import { Lifecycle } from '../src/lifecycle/lifecycle';
import type { RunView } from '../src/runs/run-view';
import { expectProblem, invalid, problem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';
import { repetitions } from './support/repetitions';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const WAITS = 'setInterval(() => {}, 1000)';
const PARAMS = `params:
  text: { type: string, max: 2000 }
  short: { type: string, min: 2, max: 4 }
  code: { type: string, pattern: '[a-z]{3}' }
  whole: { type: integer, min: 1, max: 10 }
  real: { type: number, min: 0.5, max: 1.5 }
  flag: { type: boolean }
  mode: { type: enum, values: [fast, slow] }
  preset: { type: string, default: docs }
`;

const MEMBERS = [
  'runId',
  'number',
  'projectId',
  'scope',
  'status',
  'statusReason',
  'triggeredBy',
  'triggeredByName',
  'params',
  'attempt',
  'rerunOf',
  'workerId',
  'clockSkewMs',
  'startedAt',
  'cancelRequestedAt',
  'cancelRequestedBy',
  'endedAt',
  'durationMs',
  'waiting',
  'progress',
  'steps',
  'summary',
  'error',
  'artifacts',
  'zeroResults',
  'issuedCalls',
  'result',
  'omitted',
  'pinned',
  'logsRemovedAt',
  'artifactsRemovedAt',
];

const accepted = async (request: Test) => (await request.expect(201)).body as RunView;

/** One server without a worker: a run stays as accepted, and is stopped at once. */
describe('triggering a run', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        main: `${nodeStep('main', '0', `name: Main\ndefault: true\n${PARAMS}`)}  - name: after\n    command: ['true']\n  - name: last\n    command: ['true']\nscopes: { ends: [work, last] }\n`,
        strict: nodeStep('strict', '0', 'params:\n  must: { type: string, required: true }\n'),
      },
      { WORKER: 'off' },
    );
  });
  afterAll(() => jobato.stop());
  afterEach(async () => {
    for (const { runId } of await runs('?status=running')) await jobato.api.delete(`/api/runs/${runId}`);
  });

  const runs = async (query = '') =>
    ((await jobato.api.get(`/api/runs${query}`).expect(200)).body as { items: RunView[] }).items;

  it('returns 201 with the location and all properties of the run', async () => {
    const before = new Date().toISOString();
    const response = await jobato.api
      .post('/api/projects/main/runs')
      .send({ scope: 'full', params: { whole: 3 }, triggeredBy: 'manual' })
      .expect(201)
      .expect('content-type', /^application\/json/);
    const run = response.body as RunView;
    const location = `/api/runs/${run.runId}`;
    expect(response.headers).toMatchObject({ location });
    expect(response.headers).not.toHaveProperty('idempotent-replayed');
    expect(Object.keys(run)).toEqual(MEMBERS);
    expect(validate(run.runId) && version(run.runId)).toBe(7);
    expect(run.startedAt).toMatch(INSTANT);
    expect(run.startedAt >= before && run.startedAt <= new Date().toISOString()).toBe(true);
    const pending = {
      status: 'pending',
      startedAt: null,
      endedAt: null,
      durationMs: null,
      exitCode: null,
      progress: null,
      attempts: [],
    };
    expect(run).toEqual({
      runId: run.runId,
      number: 1,
      projectId: 'main',
      scope: 'full',
      status: 'running',
      statusReason: null,
      triggeredBy: 'manual',
      triggeredByName: null,
      params: { whole: 3, preset: 'docs' },
      attempt: 1,
      rerunOf: null,
      workerId: null,
      clockSkewMs: null,
      startedAt: run.startedAt,
      cancelRequestedAt: null,
      cancelRequestedBy: null,
      endedAt: null,
      durationMs: null,
      waiting: { code: 'not-yet-published', message: expect.stringMatching(/\S/) },
      progress: { step: null, current: null, total: null, message: null },
      steps: ['work', 'after', 'last'].map((name) => ({ name, ...pending })),
      summary: { newJobsCount: null, relevantCount: null },
      error: null,
      artifacts: [],
      zeroResults: null,
      issuedCalls: null,
      result: null,
      omitted: [],
      pinned: false,
      logsRemovedAt: null,
      artifactsRemovedAt: null,
    });
    const again = (await jobato.api.get(location).expect(200)).body as RunView;
    expect({ ...again, waiting: null }).toEqual({ ...run, waiting: null });
  });

  it.each<[string, (request: Test) => Test]>([
    ['no body and no content type', (request) => request],
    ['no body, said to be JSON', (request) => request.type('application/json')],
    ['an empty body, said to be text', (request) => request.type('text/plain').send('')],
    ['an empty object', (request) => request.send({})],
    [
      'an empty object, with a charset',
      (request) => request.type('application/json; charset=utf-8').send('{}'),
    ],
  ])('accepts %s', async (_name, withBody) => {
    for (const path of ['/api/runs', '/api/projects/main/runs']) {
      const run = await accepted(withBody(jobato.api.post(path)));
      expect(run).toMatchObject({
        projectId: 'main',
        scope: 'full',
        triggeredBy: 'api',
        params: { preset: 'docs' },
      });
      await jobato.api.delete(`/api/runs/${run.runId}`);
    }
  });

  it.each<[string, string, string[]]>([
    ['unknown field', '{"scop":"full"}', ['scop']],
    ['two unknown fields', '{"a":1,"b":2}', ['a', 'b']],
    ['list', '[]', ['']],
    ['list of bodies', '[{}]', ['']],
    ['number', '5', ['']],
    ['text', '"full"', ['']],
    ['null', 'null', ['']],
    ['broken JSON', '{"scope":', ['']],
    ['scope that is a number', '{"scope":5}', ['scope']],
    ['scope that is an object', '{"scope":{}}', ['scope']],
    ['unknown scope', '{"scope":"half"}', ['scope']],
    ['scope that is empty', '{"scope":""}', ['scope']],
    ['scope of an unknown step', '{"scope":"from:nothing"}', ['scope']],
    ['scope called constructor', '{"scope":"constructor"}', ['scope']],
    ['unknown trigger', '{"triggeredBy":"me"}', ['triggeredBy']],
    ['trigger that is a list', '{"triggeredBy":["api"]}', ['triggeredBy']],
    ['params that are a list', '{"params":[]}', ['params']],
    ['params that are a text', '{"params":"a=b"}', ['params']],
    ['unknown parameter', '{"params":{"nothing":1}}', ['params.nothing']],
    ['parameter called __proto__', '{"params":{"__proto__":{"polluted":1}}}', ['params.__proto__']],
    ['parameter called constructor', '{"params":{"constructor":"x"}}', ['params.constructor']],
    ['parameter called toString', '{"params":{"toString":"x"}}', ['params.toString']],
    ['field called __proto__', '{"__proto__":{"scope":"full"}}', ['__proto__']],
    ['field called constructor', '{"constructor":{"prototype":{"x":1}}}', ['constructor']],
    ['text that is a number', '{"params":{"text":1}}', ['params.text']],
    ['text that is an object', '{"params":{"text":{"a":1}}}', ['params.text']],
    ['text with a NUL', '{"params":{"text":"a\\u0000b"}}', ['params.text']],
    ['text that is too short', '{"params":{"short":"a"}}', ['params.short']],
    ['text that is too long', '{"params":{"short":"abcde"}}', ['params.short']],
    ['text that does not match', '{"params":{"code":"abcd"}}', ['params.code']],
    ['text that matches in one line only', '{"params":{"code":"abc\\n"}}', ['params.code']],
    ['whole number as text', '{"params":{"whole":"3"}}', ['params.whole']],
    ['whole number with a fraction', '{"params":{"whole":2.5}}', ['params.whole']],
    ['whole number that is too small', '{"params":{"whole":0}}', ['params.whole']],
    ['whole number that is too large', '{"params":{"whole":11}}', ['params.whole']],
    ['whole number beyond all bounds', '{"params":{"whole":1e999}}', ['params.whole']],
    ['number as text', '{"params":{"real":"1"}}', ['params.real']],
    ['number that is too small', '{"params":{"real":0.4}}', ['params.real']],
    ['flag as text', '{"params":{"flag":"true"}}', ['params.flag']],
    ['flag as number', '{"params":{"flag":1}}', ['params.flag']],
    ['value that the enum lacks', '{"params":{"mode":"medium"}}', ['params.mode']],
    ['enum as list', '{"params":{"mode":["fast"]}}', ['params.mode']],
    [
      'several mistakes',
      '{"scope":"half","params":{"flag":1,"whole":0}}',
      ['scope', 'params.whole', 'params.flag'],
    ],
  ])('rejects: %s', async (_name, body, fields) => {
    await jobato.api
      .post('/api/projects/main/runs')
      .type('json')
      .send(body)
      .expect(invalid(...fields));
  });

  it('rejects a missing or null required parameter', async () => {
    const path = '/api/projects/strict/runs';
    await jobato.api.post(path).expect(invalid('params.must'));
    await jobato.api
      .post(path)
      .send({ params: { must: null } })
      .expect(invalid('params.must'));
  });

  it.each(['scope', 'params', 'triggeredBy'])('treats null for %s as not given', async (field) => {
    const run = await accepted(jobato.api.post('/api/projects/main/runs').send({ [field]: null }));
    expect(run).toMatchObject({ scope: 'full', triggeredBy: 'api', params: { preset: 'docs' } });
  });

  it.each<[string, string, string[]]>([
    ['full', 'full', ['work', 'after', 'last']],
    ['from a step on', 'from:after', ['after', 'last']],
    ['from the first step on', 'from:work', ['work', 'after', 'last']],
    ['only one step', 'only:after', ['after']],
    ['a scope of its own', 'ends', ['work', 'last']],
  ])('accepts the scope: %s', async (_name, scope, steps) => {
    const run = await accepted(jobato.api.post('/api/projects/main/runs').send({ scope }));
    expect(run.scope).toBe(scope);
    expect(run.steps.map(({ name }) => name)).toEqual(steps);
  });

  it.each(['manual', 'api', 'schedule', 'rerun', 'auto'])('stores triggeredBy: %s', async (triggeredBy) => {
    const { body } = await jobato.api.post('/api/runs').send({ triggeredBy }).expect(201);
    expect(body).toMatchObject({ triggeredBy });
  });

  it('rejects a body of 5 MB with and without Content-Length', async () => {
    const body = JSON.stringify({ params: { text: 'x'.repeat(5 * 1024 * 1024) } });
    await jobato.api.post('/api/runs').type('json').send(body).expect(problem(413, 'PAYLOAD_TOO_LARGE'));
    const streamed = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(body));
        controller.close();
      },
    });
    const response = await jobato.fetch('/api/runs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: streamed,
      duplex: 'half',
    });
    await expectProblem(response, 413, 'PAYLOAD_TOO_LARGE');
  });

  it('rejects deeply nested JSON and stays live', async () => {
    const deep = `{"params":{"text":${'['.repeat(19_000)}${']'.repeat(19_000)}}}`;
    await jobato.api.post('/api/runs').type('json').send(deep).expect(problem(400, 'VALIDATION'));
    const deepObjects = `{"params":${'{"a":'.repeat(19_000)}1${'}'.repeat(19_000)}}`;
    await jobato.api.post('/api/runs').type('json').send(deepObjects).expect(problem(400, 'VALIDATION'));
    await jobato.api.get('/api/health/live').expect(200);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
  ])('rejects the content type %s', async (type) => {
    await jobato.api.post('/api/runs').type(type).send('{}').expect(problem(415, 'UNSUPPORTED_MEDIA_TYPE'));
  });

  it.each<[string, Record<string, string>, number, 'UNSUPPORTED_MEDIA_TYPE' | 'VALIDATION']>([
    ['no type at all', { 'content-type': '' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'an unknown charset',
      { 'content-type': 'application/json; charset=klingon' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'an unknown content encoding',
      { 'content-type': 'application/json', 'content-encoding': 'zip' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['invalid gzip', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 400, 'VALIDATION'],
  ])('rejects a body with %s', async (_name, headers, status, code) => {
    // supertest would add a content type.
    const response = await jobato.fetch('/api/runs', { method: 'POST', headers, body: Buffer.from('{}') });
    await expectProblem(response, status, code);
  });

  it.each(['nothing', 'MAIN', '__proto__', 'constructor', '..%2Fmain', '%00', 'a%20b', '%F0%9F%92%A9'])(
    'returns 404 for the project "%s"',
    async (projectId) => {
      await jobato.api.post(`/api/projects/${projectId}/runs`).expect(problem(404, 'PROJECT_NOT_FOUND'));
    },
  );

  it('stores nothing for a rejected request', async () => {
    const before = (await runs()).length;
    await jobato.api.post('/api/runs').send({ scope: 'half' });
    await jobato.api.post('/api/runs').send({ params: { whole: 0 } });
    expect(await runs()).toHaveLength(before);
  });

  it('rejects a second run while one is in progress and returns its ID', async () => {
    const { runId } = await accepted(jobato.api.post('/api/projects/main/runs'));
    for (const path of ['/api/runs', '/api/projects/main/runs']) {
      await jobato.api.post(path).expect(problem(409, 'RUN_IN_PROGRESS', { activeRunId: runId }));
    }
    expect((await runs('?status=running')).map((run) => run.runId)).toEqual([runId]);
  });

  describe('with an Idempotency-Key', () => {
    const trigger = (key: string, body: object = {}, path = '/api/projects/main/runs') =>
      jobato.api.post(path).set('Idempotency-Key', key).send(body);

    it('returns the first response byte for byte, even after the run has ended', async () => {
      const body = { scope: 'ends', params: { whole: 3, text: 'a' } };
      const first = await trigger('once', body).expect(201);
      expect(first.headers).not.toHaveProperty('idempotent-replayed');
      const { runId } = first.body as RunView;
      await jobato.api.delete(`/api/runs/${runId}`);

      const reordered = { params: { text: 'a', whole: 3 }, scope: 'ends' };
      for (const same of [body, reordered]) {
        const second = await trigger('once', same)
          .expect(201)
          .expect('idempotent-replayed', 'true')
          .expect('location', `/api/runs/${runId}`);
        expect(second.text).toBe(first.text);
      }
    });

    it('rejects the same key with another body, project or endpoint', async () => {
      const { runId } = await accepted(trigger('twice'));
      await jobato.api.delete(`/api/runs/${runId}`);
      const asked: [string, object][] = [
        ['/api/projects/main/runs', { scope: 'ends' }],
        ['/api/projects/strict/runs', { params: { must: 'x' } }],
        [`/api/runs/${runId}/rerun`, {}],
      ];
      for (const [path, body] of asked) {
        await trigger('twice', body, path).expect(problem(422, 'IDEMPOTENCY_KEY_REUSED'));
      }
    });

    it('accepts 255 characters and rejects 256 or an empty key', async () => {
      const withKey = (key: string) => jobato.api.post('/api/runs').set('Idempotency-Key', key);
      await withKey('k'.repeat(255)).expect(201);
      await withKey('k'.repeat(256)).expect(invalid('Idempotency-Key'));
      await withKey('').expect(invalid('Idempotency-Key'));
    });

    it('starts one run for many simultaneous requests', async () => {
      const responses = await Promise.all(
        Array.from({ length: 50 }, () => trigger('at-once', {}, '/api/runs').expect(201)),
      );
      expect(responses.filter(({ headers }) => !('idempotent-replayed' in headers))).toHaveLength(1);
      expect(new Set(responses.map(({ text }) => text)).size).toBe(1);
    });

    it('accepts the key for one of two projects that use it at the same time', async () => {
      const responses = await Promise.all([
        trigger('shared'),
        trigger('shared', { params: { must: 'x' } }, '/api/projects/strict/runs'),
      ]);
      expect(responses.map(({ status }) => status).sort()).toEqual([201, 422]);
    });

    it('replays the response while the first run is still in progress', async () => {
      const first = await accepted(trigger('kept'));
      // The run still occupies its project: a new request is refused, but a retry is not.
      const again = await accepted(trigger('kept'));
      expect(again.runId).toBe(first.runId);
    });

    it('replays the response even if a new request would be rejected', async () => {
      const stopping = await RunningApp.start({ only: nodeStep('only', '') });
      try {
        const post = () => stopping.api.post('/api/projects/only/runs').send({});
        const first = await accepted(post().set('Idempotency-Key', 'before'));
        stopping.app.get(Lifecycle).beginStopping();
        await post().expect(problem(503, 'SHUTTING_DOWN'));
        const again = await accepted(post().set('Idempotency-Key', 'before'));
        expect(again.runId).toBe(first.runId);
      } finally {
        await stopping.stop();
      }
    });

    it('does not consume the key for a rejected request', async () => {
      const { runId } = await accepted(jobato.api.post('/api/runs'));
      await trigger('refused-first', {}, '/api/runs').expect(problem(409, 'RUN_IN_PROGRESS'));
      await jobato.api.delete(`/api/runs/${runId}`);
      expect((await accepted(trigger('refused-first', {}, '/api/runs'))).runId).not.toBe(runId);
    });
  });

  it('accepts one of many simultaneous requests and rejects the others', async () => {
    const count = repetitions(1000, 10_000);
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    const url = new URL('/api/projects/main/runs', jobato.url);
    const trigger = () =>
      new Promise<number>((resolve, reject) => {
        const sent = request(url, { method: 'POST', agent }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode!));
        });
        sent.on('error', reject).end();
      });
    const counts: Record<number, number> = {};
    for (const status of await Promise.all(Array.from({ length: count }, trigger))) {
      counts[status] = (counts[status] ?? 0) + 1;
    }
    agent.destroy();
    expect(counts).toEqual({ 201: 1, 409: count - 1 });
  });
});

describe('params in the environment of a step', () => {
  let jobato: RunningApp;
  const showsText = 'console.log(Buffer.from(JSON.parse(process.env.JOBATO_PARAMS).text).toString("hex"))';
  beforeAll(async () => {
    jobato = await RunningApp.start({ verbatim: nodeStep('verbatim', showsText, PARAMS) });
  });
  afterAll(() => jobato.stop());

  it.each([
    ['a command in dollars', '$(touch PWNED)'],
    ['a command in backquotes', '`touch PWNED`'],
    ['a second command', "'; touch PWNED; echo '"],
    ['a pipe', '| touch PWNED'],
    ['new lines', 'a\ntouch PWNED\n'],
    ['what looks like JSON', '{"__proto__":{"a":1}}'],
    ['an option', '--eval=process.exit(3)'],
    ['other scripts', 'ünïcödé 漢字 🎉 \u2028'],
  ])('are unchanged: %s', async (_name, text) => {
    const { runId, params } = await jobato.trigger('verbatim', { params: { text } });
    expect(params.text).toBe(text);
    expect((await jobato.untilEnded(runId)).status).toBe('completed');
    const log = await jobato.api.get(`/api/runs/${runId}/logs`).expect(200);
    expect(Buffer.from(log.text.trim(), 'hex').toString()).toBe(text);
    expect(existsSync('PWNED')).toBe(false);
  });
});

describe('default project', () => {
  const start = (files: Record<string, string>) => RunningApp.start(files, { WORKER: 'off' });

  it('is the only configured project', async () => {
    const jobato = await start({ alone: nodeStep('alone', WAITS) });
    const { body } = await jobato.api.post('/api/runs').expect(201);
    expect(body).toMatchObject({ projectId: 'alone' });
    await jobato.stop();
  });

  it('is the project marked as default', async () => {
    const jobato = await start({ a: nodeStep('a', WAITS), b: nodeStep('b', WAITS, 'default: true\n') });
    const { body } = await jobato.api.post('/api/runs').expect(201);
    expect(body).toMatchObject({ projectId: 'b' });
    await jobato.stop();
  });

  it.each([
    ['there are several and none is marked', { a: nodeStep('a', WAITS), b: nodeStep('b', WAITS) }],
    ['there is no project', {}],
  ])('does not exist if %s', async (_name, files) => {
    const jobato = await start(files);
    await jobato.api.post('/api/runs').expect(problem(404, 'PROJECT_NOT_FOUND'));
    await jobato.stop();
  });
});
