import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { validate, version } from 'uuid';
import { Lifecycle } from '../src/lifecycle/lifecycle';
import type { RunView } from '../src/runs/run-view';
import { expectInvalid, expectProblem } from './support/expect-problem';
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
  'projectId',
  'scope',
  'status',
  'statusReason',
  'triggeredBy',
  'params',
  'attempt',
  'rerunOf',
  'workerId',
  'clockSkewMs',
  'startedAt',
  'cancelRequestedAt',
  'endedAt',
  'durationMs',
  'waiting',
  'progress',
  'steps',
  'summary',
  'error',
  'artifacts',
  'omitted',
];

const post = (jobato: RunningApp, path: string, init: RequestInit = {}) =>
  jobato.fetch(path, { method: 'POST', ...init });
const postJson = (jobato: RunningApp, path: string, body: unknown, headers: Record<string, string> = {}) =>
  post(jobato, path, {
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

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
    const { items } = (await (await jobato.fetch('/api/runs?status=running')).json()) as { items: RunView[] };
    for (const { runId } of items) await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
  });

  const accepted = async (response: Response): Promise<RunView> => {
    const text = await response.text();
    expect([response.status, text]).toEqual([201, expect.any(String)]);
    return JSON.parse(text) as RunView;
  };

  it('returns 201 with the location and all properties of the run', async () => {
    const before = new Date().toISOString();
    const response = await postJson(jobato, '/api/projects/main/runs', {
      scope: 'full',
      params: { whole: 3 },
      triggeredBy: 'manual',
    });
    const run = await accepted(response);
    expect(response.headers.get('location')).toBe(`/api/runs/${run.runId}`);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('idempotent-replayed')).toBeNull();
    expect(Object.keys(run)).toEqual(MEMBERS);
    expect(validate(run.runId) && version(run.runId)).toBe(7);
    expect(run.startedAt).toMatch(INSTANT);
    expect(run.startedAt >= before && run.startedAt <= new Date().toISOString()).toBe(true);
    const pending = { status: 'pending', startedAt: null, endedAt: null, durationMs: null, exitCode: null };
    expect(run).toEqual({
      runId: run.runId,
      projectId: 'main',
      scope: 'full',
      status: 'running',
      statusReason: null,
      triggeredBy: 'manual',
      params: { whole: 3, preset: 'docs' },
      attempt: 1,
      rerunOf: null,
      workerId: null,
      clockSkewMs: null,
      startedAt: run.startedAt,
      cancelRequestedAt: null,
      endedAt: null,
      durationMs: null,
      waiting: { code: 'not-yet-published', message: expect.stringMatching(/\S/) },
      progress: { step: null, current: null, total: null, message: null },
      steps: ['work', 'after', 'last'].map((name) => ({ name, ...pending })),
      summary: { newJobsCount: null, relevantCount: null },
      error: null,
      artifacts: [],
      omitted: [],
    });
    const again = (await (await jobato.fetch(response.headers.get('location')!)).json()) as RunView;
    expect({ ...again, waiting: null }).toEqual({ ...run, waiting: null });
  });

  it.each<[string, RequestInit]>([
    ['no body and no content type', {}],
    ['no body, said to be JSON', { headers: { 'content-type': 'application/json' } }],
    ['an empty body, said to be text', { headers: { 'content-type': 'text/plain' }, body: '' }],
    ['an empty object', { headers: { 'content-type': 'application/json' }, body: '{}' }],
    [
      'an empty object, with a charset',
      { headers: { 'content-type': 'application/json; charset=utf-8' }, body: '{}' },
    ],
  ])('accepts %s', async (_name, init) => {
    for (const path of ['/api/runs', '/api/projects/main/runs']) {
      const run = await accepted(await post(jobato, path, init));
      expect(run).toMatchObject({
        projectId: 'main',
        scope: 'full',
        triggeredBy: 'api',
        params: { preset: 'docs' },
      });
      await jobato.fetch(`/api/runs/${run.runId}`, { method: 'DELETE' });
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
    const response = await postJson(jobato, '/api/projects/main/runs', body);
    expect((await expectInvalid(response)).sort()).toEqual([...fields].sort());
  });

  it('rejects a missing or null required parameter', async () => {
    expect(await expectInvalid(await post(jobato, '/api/projects/strict/runs'))).toEqual(['params.must']);
    expect(
      await expectInvalid(await postJson(jobato, '/api/projects/strict/runs', { params: { must: null } })),
    ).toEqual(['params.must']);
  });

  it.each(['scope', 'params', 'triggeredBy'])('treats null for %s as not given', async (field) => {
    const run = await accepted(await postJson(jobato, '/api/projects/main/runs', { [field]: null }));
    expect(run).toMatchObject({ scope: 'full', triggeredBy: 'api', params: { preset: 'docs' } });
  });

  it.each<[string, string, string[]]>([
    ['full', 'full', ['work', 'after', 'last']],
    ['from a step on', 'from:after', ['after', 'last']],
    ['from the first step on', 'from:work', ['work', 'after', 'last']],
    ['only one step', 'only:after', ['after']],
    ['a scope of its own', 'ends', ['work', 'last']],
  ])('accepts the scope: %s', async (_name, scope, steps) => {
    const run = await accepted(await postJson(jobato, '/api/projects/main/runs', { scope }));
    expect(run.scope).toBe(scope);
    expect(run.steps.map(({ name }) => name)).toEqual(steps);
  });

  it.each(['manual', 'api', 'schedule', 'rerun', 'auto'])('stores triggeredBy: %s', async (triggeredBy) => {
    const run = await accepted(await postJson(jobato, '/api/runs', { triggeredBy }));
    expect(run.triggeredBy).toBe(triggeredBy);
  });

  it('rejects a body of 5 MB with and without Content-Length', async () => {
    const body = JSON.stringify({ params: { text: 'x'.repeat(5 * 1024 * 1024) } });
    await expectProblem(await postJson(jobato, '/api/runs', body), 413, 'PAYLOAD_TOO_LARGE');
    const streamed = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(body));
        controller.close();
      },
    });
    const response = await post(jobato, '/api/runs', {
      headers: { 'content-type': 'application/json' },
      body: streamed,
      duplex: 'half',
    });
    await expectProblem(response, 413, 'PAYLOAD_TOO_LARGE');
  });

  it('rejects deeply nested JSON and stays live', async () => {
    const deep = `{"params":{"text":${'['.repeat(19_000)}${']'.repeat(19_000)}}}`;
    await expectProblem(await postJson(jobato, '/api/runs', deep), 400, 'VALIDATION');
    const deepObjects = `{"params":${'{"a":'.repeat(19_000)}1${'}'.repeat(19_000)}}`;
    await expectProblem(await postJson(jobato, '/api/runs', deepObjects), 400, 'VALIDATION');
    expect((await jobato.fetch('/api/health/live')).status).toBe(200);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
  ])('rejects the content type %s', async (type) => {
    const response = await post(jobato, '/api/runs', { headers: { 'content-type': type }, body: '{}' });
    await expectProblem(response, 415, 'UNSUPPORTED_MEDIA_TYPE');
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
    const response = await post(jobato, '/api/runs', { headers, body: Buffer.from('{}') });
    await expectProblem(response, status, code);
  });

  it.each(['nothing', 'MAIN', '__proto__', 'constructor', '..%2Fmain', '%00', 'a%20b', '%F0%9F%92%A9'])(
    'returns 404 for the project "%s"',
    async (projectId) => {
      await expectProblem(await post(jobato, `/api/projects/${projectId}/runs`), 404, 'PROJECT_NOT_FOUND');
    },
  );

  it('stores nothing for a rejected request', async () => {
    const count = async () =>
      ((await (await jobato.fetch('/api/runs')).json()) as { items: unknown[] }).items.length;
    const before = await count();
    await postJson(jobato, '/api/runs', { scope: 'half' });
    await postJson(jobato, '/api/runs', { params: { whole: 0 } });
    expect(await count()).toBe(before);
  });

  it('rejects a second run while one is in progress and returns its ID', async () => {
    const { runId } = await accepted(await post(jobato, '/api/projects/main/runs'));
    for (const path of ['/api/runs', '/api/projects/main/runs']) {
      const problem = await expectProblem(await post(jobato, path), 409, 'RUN_IN_PROGRESS');
      expect(problem.activeRunId).toBe(runId);
    }
    const { items } = (await (await jobato.fetch('/api/runs?status=running')).json()) as { items: RunView[] };
    expect(items.map((run) => run.runId)).toEqual([runId]);
  });

  describe('with an Idempotency-Key', () => {
    const key = { 'Idempotency-Key': 'once' };

    it('returns the first response byte for byte, even after the run has ended', async () => {
      const body = { scope: 'ends', params: { whole: 3, text: 'a' } };
      const first = await postJson(jobato, '/api/projects/main/runs', body, key);
      const firstText = await first.text();
      expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([201, null]);
      const { runId } = JSON.parse(firstText) as RunView;
      await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });

      const reordered = { params: { text: 'a', whole: 3 }, scope: 'ends' };
      for (const same of [body, reordered]) {
        const second = await postJson(jobato, '/api/projects/main/runs', same, key);
        expect(second.status).toBe(201);
        expect(second.headers.get('idempotent-replayed')).toBe('true');
        expect(second.headers.get('location')).toBe(`/api/runs/${runId}`);
        expect(await second.text()).toBe(firstText);
      }
    });

    it('rejects the same key with another body, project or endpoint', async () => {
      const { runId } = await accepted(
        await postJson(jobato, '/api/projects/main/runs', {}, { 'Idempotency-Key': 'twice' }),
      );
      await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
      const asked: [string, object][] = [
        ['/api/projects/main/runs', { scope: 'ends' }],
        ['/api/projects/strict/runs', { params: { must: 'x' } }],
        [`/api/runs/${runId}/rerun`, {}],
      ];
      for (const [path, body] of asked) {
        const response = await postJson(jobato, path, body, { 'Idempotency-Key': 'twice' });
        await expectProblem(response, 422, 'IDEMPOTENCY_KEY_REUSED');
      }
    });

    it('accepts 255 characters and rejects 256 or an empty key', async () => {
      const withKey = (value: string) => post(jobato, '/api/runs', { headers: { 'Idempotency-Key': value } });
      expect((await withKey('k'.repeat(255))).status).toBe(201);
      expect(await expectInvalid(await withKey('k'.repeat(256)))).toEqual(['Idempotency-Key']);
      expect(await expectInvalid(await withKey(''))).toEqual(['Idempotency-Key']);
    });

    it('starts one run for many simultaneous requests', async () => {
      const responses = await Promise.all(
        Array.from({ length: 50 }, () => postJson(jobato, '/api/runs', {}, { 'Idempotency-Key': 'at-once' })),
      );
      expect(responses.map(({ status }) => status)).toEqual(Array(50).fill(201));
      expect(
        responses.filter((response) => response.headers.get('idempotent-replayed') === null),
      ).toHaveLength(1);
      expect(new Set(await Promise.all(responses.map((response) => response.text()))).size).toBe(1);
    });

    it('accepts the key for one of two projects that use it at the same time', async () => {
      const responses = await Promise.all([
        postJson(jobato, '/api/projects/main/runs', {}, { 'Idempotency-Key': 'shared' }),
        postJson(
          jobato,
          '/api/projects/strict/runs',
          { params: { must: 'x' } },
          { 'Idempotency-Key': 'shared' },
        ),
      ]);
      expect(responses.map(({ status }) => status).sort()).toEqual([201, 422]);
    });

    it('replays the response while the first run is still in progress', async () => {
      const headers = { 'Idempotency-Key': 'kept' };
      const first = await accepted(await postJson(jobato, '/api/projects/main/runs', {}, headers));
      // The run still occupies its project: a new request is refused, but a retry is not.
      const again = await accepted(await postJson(jobato, '/api/projects/main/runs', {}, headers));
      expect(again.runId).toBe(first.runId);
    });

    it('replays the response even if a new request would be rejected', async () => {
      const stopping = await RunningApp.start({ only: nodeStep('only', '') });
      try {
        const headers = { 'Idempotency-Key': 'before' };
        const first = await accepted(await postJson(stopping, '/api/projects/only/runs', {}, headers));
        stopping.app.get(Lifecycle).beginStopping();
        await expectProblem(await postJson(stopping, '/api/projects/only/runs', {}), 503, 'SHUTTING_DOWN');
        const again = await accepted(await postJson(stopping, '/api/projects/only/runs', {}, headers));
        expect(again.runId).toBe(first.runId);
      } finally {
        await stopping.stop();
      }
    });

    it('does not consume the key for a rejected request', async () => {
      const headers = { 'Idempotency-Key': 'refused-first' };
      const { runId } = await accepted(await post(jobato, '/api/runs'));
      await expectProblem(await postJson(jobato, '/api/runs', {}, headers), 409, 'RUN_IN_PROGRESS');
      await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
      expect((await accepted(await postJson(jobato, '/api/runs', {}, headers))).runId).not.toBe(runId);
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
    const log = await (await jobato.fetch(`/api/runs/${runId}/logs`)).text();
    expect(Buffer.from(log.trim(), 'hex').toString()).toBe(text);
    expect(existsSync('PWNED')).toBe(false);
  });
});

describe('default project', () => {
  const start = (files: Record<string, string>) => RunningApp.start(files, { WORKER: 'off' });

  it('is the only configured project', async () => {
    const jobato = await start({ alone: nodeStep('alone', WAITS) });
    const run = (await (await post(jobato, '/api/runs')).json()) as RunView;
    expect(run.projectId).toBe('alone');
    await jobato.stop();
  });

  it('is the project marked as default', async () => {
    const jobato = await start({ a: nodeStep('a', WAITS), b: nodeStep('b', WAITS, 'default: true\n') });
    const run = (await (await post(jobato, '/api/runs')).json()) as RunView;
    expect(run.projectId).toBe('b');
    await jobato.stop();
  });

  it.each([
    ['there are several and none is marked', { a: nodeStep('a', WAITS), b: nodeStep('b', WAITS) }],
    ['there is no project', {}],
  ])('does not exist if %s', async (_name, files) => {
    const jobato = await start(files);
    await expectProblem(await post(jobato, '/api/runs'), 404, 'PROJECT_NOT_FOUND');
    await jobato.stop();
  });
});
