import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { problem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';

const METRICS = [
  'jobato_runs_started_total',
  'jobato_runs_total',
  'jobato_run_duration_seconds',
  'jobato_runs_active',
  'jobato_stream_lag',
  'jobato_outbox_depth',
  'jobato_outbox_oldest_seconds',
  'jobato_events_rejected',
  'jobato_sse_readers',
  'jobato_worker_slots',
  'jobato_worker_busy',
  'jobato_log_lines_total',
  'jobato_log_store_reads_total',
  'process_cpu_seconds_total',
];

/** The calls of the contract, in OpenAPI notation. */
const CALLS = [
  'post /api/projects/{projectId}/runs',
  'post /api/runs',
  'get /api/runs',
  'get /api/projects/{projectId}/runs',
  'get /api/runs/{runId}',
  'get /api/projects/{projectId}/runs/{runId}',
  'get /api/projects/{projectId}/runs/current',
  'delete /api/runs/{runId}',
  'delete /api/projects/{projectId}/runs/{runId}',
  'post /api/runs/{runId}/rerun',
  'get /api/runs/{runId}/logs',
  'get /api/projects/{projectId}/runs/{runId}/logs',
  'get /api/runs/{runId}/events',
  'get /api/reports/runs/latest',
  'get /api/projects/{projectId}/summary',
  'get /api/projects',
  'get /api/projects/{projectId}',
  'get /api/events/rejected',
  'post /api/events/rejected/{id}/redeliver',
  'delete /api/events/rejected/{id}',
  'get /api/workers',
  'get /api/health',
  'get /api/health/live',
  'get /api/health/ready',
  'get /api/metrics',
];

describe('health endpoints', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({ one: nodeStep('one', "console.log('a')"), broken: 'id: [' });
    await jobato.untilEnded((await jobato.trigger('one')).runId);
  });
  afterAll(() => jobato.stop());

  it('list each dependency with its status', async () => {
    const { body } = await jobato.api.get('/api/health').expect(200);
    const { status, dependencies } = body as {
      status: string;
      dependencies: Record<string, { needsAttention: boolean }>;
    };
    expect(status).toBe('ok');
    expect(Object.keys(dependencies)).toEqual(
      expect.arrayContaining(['database', 'events', 'outbox', 'disk']),
    );
    for (const dependency of Object.values(dependencies)) {
      expect(dependency).toEqual({
        status: 'ok',
        message: expect.stringMatching(/\S/),
        needsAttention: expect.any(Boolean),
      });
    }
    // One project file needs fixing, which is not a fault of the server.
    const toLookAt = Object.keys(dependencies).filter((name) => dependencies[name]!.needsAttention);
    expect(toLookAt).toEqual(['projects']);
    expect(JSON.stringify(dependencies)).not.toContain(jobato.folders.root);
  });

  it('return 200 for live and ready', async () => {
    for (const path of ['/api/health/live', '/api/health/ready']) {
      await jobato.api.get(path).expect(200, { status: 'ok' });
    }
  });

  it('report trouble and not ready, but live, while the database fails', async () => {
    const database = new BetterSqlite3(join(jobato.folders.dataDir, 'db', 'jobato.db'));
    database.exec('ALTER TABLE runs RENAME TO runs_elsewhere');
    try {
      const health = await jobato.api.get('/api/health').expect(503);
      expect(health.body).toMatchObject({
        status: 'trouble',
        dependencies: {
          database: { status: 'trouble', message: expect.any(String) },
          disk: { status: 'ok' },
        },
      });
      await jobato.api.get('/api/health/ready').expect(503);
      await jobato.api.get('/api/health/live').expect(200);
      const { text } = await jobato.api.get('/api/runs').expect(problem(500, 'INTERNAL'));
      expect(text).not.toMatch(/sqlite|table/i);
      await jobato.api.post('/api/runs').expect(problem(500, 'INTERNAL'));
    } finally {
      database.exec('ALTER TABLE runs_elsewhere RENAME TO runs');
      database.close();
    }
    await jobato.api.get('/api/health').expect(200);
  });

  it('return metrics in the Prometheus text format', async () => {
    const { text } = await jobato.api
      .get('/api/metrics')
      .expect('content-type', /^text\/plain; version=0\.0\.4/);
    expect(text.endsWith('\n')).toBe(true);
    const types = new Map<string, string>();
    const samples: [string, number][] = [];
    for (const line of text.trimEnd().split('\n')) {
      const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line);
      if (type) {
        expect(types.has(type[1]!)).toBe(false);
        types.set(type[1]!, type[2]!);
      } else if (!/^(# HELP \S+ \S.*)?$/.test(line)) {
        const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})? (\S+)$/.exec(line);
        expect([line, sample]).toEqual([line, expect.anything()]);
        expect([line, Number.isNaN(Number(sample![3]))]).toEqual([line, sample![3] === 'Nan']);
        samples.push([`${sample![1]}${sample![2] ?? ''}`, Number(sample![3])]);
      }
    }
    expect([...types.keys()]).toEqual(expect.arrayContaining(METRICS));
    expect(Object.fromEntries(samples)).toMatchObject({
      'jobato_runs_started_total{project="one",triggered_by="api"}': 1,
      'jobato_runs_total{project="one",status="completed"}': 1,
      'jobato_run_duration_seconds_count{project="one",status="completed"}': 1,
      jobato_log_lines_total: 1,
      jobato_outbox_depth: 0,
      jobato_events_rejected: 0,
    });
  });

  it('list workers and consumer groups', async () => {
    const workers = (await jobato.api.get('/api/workers')).body as Record<string, unknown[]>;
    expect(workers.items).toEqual([
      {
        workerId: expect.stringMatching(/^embedded-/),
        kind: 'embedded',
        lastHeardAt: expect.stringMatching(/Z$/),
        slots: expect.any(Number),
        runIds: [],
      },
    ]);
    expect(workers.groups).toEqual(
      expect.arrayContaining([
        { name: 'jobato-api', lag: expect.any(Number), pending: expect.any(Number) },
        { name: 'jobato-workers', lag: expect.any(Number), pending: expect.any(Number) },
      ]),
    );
  });
});

describe('API description', () => {
  let jobato: RunningApp;
  let api: {
    openapi: string;
    info: { title: string; version: string };
    paths: Record<
      string,
      Record<
        string,
        {
          operationId?: string;
          summary?: string;
          responses: Record<string, unknown>;
          parameters?: { name: string; in: string }[];
        }
      >
    >;
    components: { schemas: Record<string, unknown> };
  };
  beforeAll(async () => {
    jobato = await RunningApp.start({ one: nodeStep('one', '0') }, { WORKER: 'off' });
    const response = await jobato.api.get('/api/openapi.json').expect('content-type', /^application\/json/);
    api = response.body as typeof api;
  });
  afterAll(() => jobato.stop());

  it.each(CALLS)('includes %s', (call) => {
    const [method, path] = call.split(' ') as [string, string];
    const operation = api.paths[path]?.[method];
    expect([call, operation?.summary]).toEqual([call, expect.stringMatching(/\S/)]);
    expect(Object.keys(operation!.responses).some((status) => /^[2]/.test(status))).toBe(true);
    // Every variable of the path is described.
    const described = (operation!.parameters ?? [])
      .filter((one) => one.in === 'path')
      .map(({ name }) => name);
    expect(described.sort()).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort());
  });

  it('is OpenAPI 3 with resolvable references and unique operation IDs', () => {
    expect(api.openapi).toMatch(/^3\.\d/);
    expect(api.info.title).toMatch(/Jobato/);
    for (const [, name] of JSON.stringify(api).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(api.components.schemas).toHaveProperty(name!);
    }
    const names = Object.values(api.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(names).size).toBe(names.length);
    // Pages are not part of it.
    expect(Object.keys(api.paths).filter((path) => !path.startsWith('/api/'))).toEqual([]);
  });

  it('describes exactly the properties of a run', async () => {
    const run = await jobato.trigger('one');
    const { RunView } = api.components.schemas as { RunView: { properties: object; required: string[] } };
    expect(Object.keys(RunView.properties).sort()).toEqual(Object.keys(run).sort());
    expect([...RunView.required].sort()).toEqual(Object.keys(run).sort());
  });

  it('is served as a page with all of its assets', async () => {
    const { text: page } = await jobato.api
      .get('/api/docs')
      .set({ accept: 'text/html' })
      .expect(200, /swagger-ui/);
    const files = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path]) => path!);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      const asset = await fetch(new URL(file, `${jobato.url}/api/docs/`));
      expect([file, asset.status]).toEqual([file, 200]);
      await asset.arrayBuffer();
    }
  });
});
