import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunView } from '../src/runs/run-view';
import { Belongings } from './support/crash';
import { expectProblem } from './support/expect-problem';
import { type Folders, type ServerProcess, writeProject } from './support/jobato';
import { readSse } from './support/sse';
import { anEvent, externalProject } from './support/worker-api';

const TOKEN = 'the-token-of-the-admin-0123456789';
const KEY = 'the-key-of-the-workers-0123456789';
const HOLDER = 'worker-that-holds-the-external-run';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const WITH_KEY = { 'x-jobato-api-key': KEY };
const JSON_BODY = { 'content-type': 'application/json' };
/** A lease token invented by an attacker. */
const GUESSED_LEASE = Buffer.alloc(32, 7).toString('base64url');

/**
 * Returns a project with a step that waits at a named pipe, and one that runs go.sh if the file exists. Running it
 * is the attacker's goal.
 */
const stepsProject = (id: string, gate: string, loot: string) => `id: ${id}
steps:
  - name: first
    command: [sh, -c, 'echo first-runs; read line < ${gate}']
  - name: second
    command: [sh, -c, 'for f in "$JOBATO_RUN_DIR"/go.sh go.sh; do if [ -e "$f" ]; then touch ${loot}; . "$f"; fi; done; echo second-ran']
`;

interface Call {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

const json = (method: string, path: string, body: object, headers: Record<string, string> = {}): Call => ({
  method,
  path,
  headers: { ...JSON_BODY, ...headers },
  body: JSON.stringify(body),
});

/** Returns every combination of worker id, attempt and lease that a caller could claim to have. */
function pretences(names: string[]) {
  return names.flatMap((workerId) =>
    [1, 2].flatMap((attempt) => [null, GUESSED_LEASE].map((lease) => ({ workerId, attempt, lease }))),
  );
}

const noHeaders: Record<string, string> = {};
const leaseHeader = (lease: string | null): Record<string, string> =>
  lease === null ? {} : { 'x-jobato-lease': lease };

const EVENTS: [string, (workerId: string) => object][] = [
  ['run.started', (workerId) => ({ workerId, leaseSeconds: 1 })],
  ['run.heartbeat', (workerId) => ({ workerId, leaseSeconds: 1 })],
  [
    'run.progress',
    () => ({
      step: 'second',
      stepStatus: 'completed',
      message: 'a lie',
      metrics: { lie: 1 },
      artifacts: [{ name: 'go.sh', size: 1 }],
    }),
  ],
  ['run.log', () => ({ lines: [{ text: 'a lie' }] })],
  ['run.completed', () => ({ newJobsCount: 666 })],
  ['run.completed', () => ({ status: 'partial', reason: 'a-lie' })],
  ['run.failed', () => ({ errorCode: 'LIE', message: 'a lie' })],
  ['run.cancelled', () => ({})],
  ['run.cancel.requested', () => ({ reason: 'a lie', requestedBy: 'attacker' })],
  [
    'run.requested',
    () => ({
      projectId: 'slow',
      scope: 'full',
      steps: ['second'],
      definitionHash: 'f'.repeat(64),
      params: {},
      attempt: 1,
    }),
  ],
];

/** For each internal route, by its OpenAPI name: the calls of an attacker against a run of another worker. */
const ATTACKS: Record<string, (runId: string, names: string[]) => Call[]> = {
  'POST /api/internal/runs/claim': () =>
    [
      {},
      { projectIds: ['slow', 'queued', 'outside'] },
      { projectIds: ['queued'] },
      { executor: 'steps' },
      { projectIds: ['queued'], executor: 'steps' },
      { claimId: randomUUID(), projectIds: ['slow', 'queued', 'outside'] },
    ].flatMap((more) =>
      ['attacker', HOLDER].map((workerId) => json('POST', '/api/internal/runs/claim', { workerId, ...more })),
    ),
  'POST /api/internal/runs/{runId}/heartbeat': (runId, names) =>
    pretences(names).map(({ lease, ...body }) =>
      json('POST', `/api/internal/runs/${runId}/heartbeat`, body, leaseHeader(lease)),
    ),
  'POST /api/internal/runs/{runId}/release': (runId, names) =>
    pretences(names).map(({ lease, ...body }) =>
      json('POST', `/api/internal/runs/${runId}/release`, { ...body, reason: 'a lie' }, leaseHeader(lease)),
    ),
  'GET /api/internal/runs/{runId}/current-result': (runId, names) =>
    pretences(names).map(({ lease, workerId, attempt }) => ({
      method: 'GET',
      path: `/api/internal/runs/${runId}/current-result`,
      headers: {
        ...leaseHeader(lease),
        'x-jobato-worker-id': workerId,
        'x-jobato-attempt': String(attempt),
      },
    })),
  'POST /api/internal/runs/{runId}/logs': (runId, names) => [
    json('POST', `/api/internal/runs/${runId}/logs`, { lines: [{ text: 'a lie' }] }),
    json('POST', `/api/internal/runs/${runId}/logs`, { attempt: 1, lines: [{ n: 1, text: 'a lie' }] }),
    ...pretences(names).map(({ lease, ...body }) =>
      json(
        'POST',
        `/api/internal/runs/${runId}/logs`,
        { ...body, lines: [{ text: 'a lie' }] },
        leaseHeader(lease),
      ),
    ),
  ],
  'PUT /api/internal/runs/{runId}/artifacts/{name}': (runId, names) =>
    ['go.sh', 'inputs.json', 'sub%2Fgo.sh'].flatMap((name) =>
      [
        noHeaders,
        { 'x-jobato-attempt': '1' },
        ...pretences(names).map(({ workerId, attempt, lease }) => ({
          'x-jobato-worker-id': workerId,
          'x-jobato-attempt': String(attempt),
          ...leaseHeader(lease),
        })),
        ...names.map((workerId) => ({ 'x-jobato-worker-id': workerId })),
      ].map((headers) => ({
        method: 'PUT',
        path: `/api/internal/runs/${runId}/artifacts/${name}`,
        headers,
        body: 'touch taken-over',
      })),
    ),
  'POST /api/internal/events': (runId, names) =>
    names.flatMap((workerId) =>
      [{}, { attempt: 1 }, { attempt: 2 }].flatMap((attempt) =>
        [{}, { leaseToken: GUESSED_LEASE }].map((lease) =>
          json(
            'POST',
            '/api/internal/events',
            EVENTS.map(([type, payload]) =>
              anEvent(runId, type, { ...payload(workerId), ...attempt }, lease as object),
            ),
          ),
        ),
      ),
    ),
};

/** Returns the state of a run without members that change with time. */
function standing({ durationMs: _, waiting: __, ...run }: RunView): object {
  return run;
}

describe('attacker on a server with an embedded worker', () => {
  const belongings = new Belongings();
  let folders: Folders;
  let server: ServerProcess;
  let routes: { method: string; path: string }[];
  let loot: string;
  let gates: Record<'slow' | 'queued', string>;
  const pipes = {} as Record<'slow' | 'queued', FileHandle>;
  /**
   * A run of the server's own worker with an active step; a queued run, because the slot is taken; a run of an
   * external worker.
   */
  let slow: RunView;
  let queued: RunView;
  let outside: RunView;
  let lease: string;
  let embeddedId: string;

  const send = ({ method, path, headers = {}, body }: Call, more: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, { method, headers: { ...headers, ...more }, body });
  const trigger = async (projectId: string): Promise<RunView> => {
    const response = await send(json('POST', `/api/projects/${projectId}/runs`, {}), BEARER);
    expect(response.status).toBe(201);
    return (await response.json()) as RunView;
  };
  const view = async (runId: string): Promise<RunView> =>
    (await (await send({ method: 'GET', path: `/api/runs/${runId}` }, BEARER)).json()) as RunView;
  const logOf = async (runId: string): Promise<string> => {
    const call = { method: 'GET', path: `/api/runs/${runId}/logs`, headers: { accept: 'text/plain' } };
    return (await send(call, BEARER)).text();
  };
  const untilEvent = async (runId: string, isReached: (event: string, data: string) => boolean) => {
    for await (const { event, data } of readSse(`${server.url}/api/runs/${runId}/logs`, BEARER)) {
      if (isReached(event ?? '', data)) return;
    }
    throw new Error(`The stream of run ${runId} ended before it was as expected.`);
  };
  const untilEnded = (runId: string) => untilEvent(runId, (event) => event === 'end');
  const filesOf = ({ runId }: RunView) => {
    const folder = join(folders.dataDir, 'runs', runId);
    return existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]) : [];
  };
  const names = () => ['attacker', embeddedId, HOLDER];

  beforeAll(async () => {
    folders = belongings.makeFolders({});
    loot = join(folders.root, 'loot');
    gates = { slow: join(folders.root, 'gate-slow'), queued: join(folders.root, 'gate-queued') };
    execFileSync('mkfifo', Object.values(gates));
    // Opened for reading too, so that it opens at once even without the step.
    for (const name of ['slow', 'queued'] as const) pipes[name] = await open(gates[name], 'r+');
    for (const id of ['slow', 'queued'] as const)
      writeProject(folders, id, stepsProject(id, gates[id], loot));
    for (const id of ['outside', 'own']) writeProject(folders, id, externalProject(id));
    server = await belongings.start(folders, {
      WORKER: 'embedded',
      WORKER_CONCURRENCY: '1',
      JOBATO_ADMIN_TOKEN: TOKEN,
      JOBATO_API_KEY: KEY,
    });
    const described = (await (await send({ method: 'GET', path: '/api/openapi.json' }, BEARER)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    routes = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
    embeddedId = `embedded-${readFileSync(join(folders.dataDir, 'node-id'), 'utf8').trim()}`;

    slow = await trigger('slow');
    await untilEvent(slow.runId, (event, data) => event === 'log' && data.includes('first-runs'));
    queued = await trigger('queued');
    outside = await trigger('outside');
    const claim = await send(
      json('POST', '/api/internal/runs/claim', {
        workerId: HOLDER,
        projectIds: ['outside'],
        waitSeconds: 20,
      }),
      WITH_KEY,
    );
    expect(claim.status).toBe(200);
    const claimed = (await claim.json()) as { runId: string; leaseToken: string };
    expect(claimed.runId).toBe(outside.runId);
    lease = claimed.leaseToken;
    // A lease that outlasts the attack on any machine.
    const payload = { workerId: HOLDER, attempt: 1, leaseSeconds: 86_400 };
    const beat = anEvent(outside.runId, 'run.heartbeat', payload, { leaseToken: lease } as object);
    const said = await send(json('POST', '/api/internal/events', beat), WITH_KEY);
    expect(await said.json()).toMatchObject({ rejected: [] });
    slow = await view(slow.runId);
    queued = await view(queued.runId);
    outside = await view(outside.runId);
    expect(slow).toMatchObject({ status: 'running', workerId: embeddedId });
    expect(queued).toMatchObject({ status: 'running', workerId: null });
    expect(outside).toMatchObject({ status: 'running', workerId: HOLDER });
  });
  afterAll(async () => {
    for (const pipe of Object.values(pipes)) await pipe.close();
    await belongings.clear();
  });

  const targets = () => [
    { run: slow, log: 'first-runs\n' },
    { run: queued, log: '' },
    { run: outside, log: '' },
  ];
  /** Every run is unchanged, including its log and files, and no code of the attacker ran. */
  const expectNothingHappened = async () => {
    for (const { run, log } of targets()) {
      expect(standing(await view(run.runId))).toEqual(standing(run));
      expect(await logOf(run.runId)).toBe(log);
      expect(filesOf(run)).toEqual([]);
    }
    expect(existsSync(loot)).toBe(false);
  };
  const expectNamesNoHolder = (text: string) => {
    for (const secret of [embeddedId, HOLDER, lease, TOKEN]) expect(text).not.toContain(secret);
  };

  it('has an attack for every internal route', () => {
    const internal = routes.filter(({ path }) => path.startsWith('/api/internal'));
    // A new route needs attacks in this file.
    expect(internal.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      Object.keys(ATTACKS).sort(),
    );
  });

  it.each(Object.keys(ATTACKS))(
    'cannot change a run of another worker with a worker key and %s',
    async (route) => {
      for (const { run } of targets()) {
        for (const call of ATTACKS[route]!(run.runId, names())) {
          const response = await send(call, WITH_KEY);
          if (route.endsWith('/claim')) expect([route, response.status]).toEqual([route, 204]);
          else if (route.endsWith('/events')) {
            expect(response.status).toBe(202);
            const text = await response.text();
            expectNamesNoHolder(text);
            const { rejected } = JSON.parse(text) as { rejected: { index: number; reason: string }[] };
            // The holder has a lease token, so every event of a worker must carry it. An attempt that does not exist
            // is recorded as unknown.
            if (run === outside && !call.body!.includes('"attempt":2')) {
              const reasons = EVENTS.map(
                (_, index) => rejected.find((event) => event.index === index)?.reason,
              );
              EVENTS.forEach(([type], index) => {
                if (/requested$/.test(type)) return;
                // A start or heartbeat without its attempt is malformed.
                expect([type, reasons[index]]).toEqual([type, expect.stringMatching(/LEASE_LOST|attempt/)]);
              });
            }
            for (const { index, reason } of rejected) {
              if (/requested$/.test(EVENTS[index]![0]))
                expect(reason).toMatch(/^only the server may publish/);
            }
            const refused = rejected.filter(({ index }) => /requested$/.test(EVENTS[index]![0]));
            expect(refused).toHaveLength(2);
          } else {
            const problem = await expectProblem(response, 409, 'LEASE_LOST');
            expectNamesNoHolder(JSON.stringify(problem));
          }
        }
      }
      await expectNothingHappened();
    },
  );

  it('cannot use its own lease on runs of others', async () => {
    const own = await trigger('own');
    const claim = await send(
      json('POST', '/api/internal/runs/claim', {
        workerId: 'attacker',
        projectIds: ['own'],
        waitSeconds: 20,
      }),
      WITH_KEY,
    );
    const { leaseToken } = (await claim.json()) as { leaseToken: string };
    const proof = { ...WITH_KEY, ...leaseHeader(leaseToken) };
    for (const { run } of targets()) {
      for (const [route, calls] of Object.entries(ATTACKS)) {
        if (!route.includes('{runId}')) continue;
        for (const call of calls(run.runId, ['attacker'])) {
          await expectProblem(await send(call, proof), 409, 'LEASE_LOST');
        }
      }
      const events = EVENTS.map(([type, payload]) =>
        anEvent(run.runId, type, payload('attacker'), { leaseToken } as object),
      );
      const said = await send(json('POST', '/api/internal/events', events), WITH_KEY);
      expect(said.status).toBe(202);
    }
    // Paths that lead out of its own run's folder into others.
    const elsewhere = [
      `../${slow.runId}/go.sh`,
      `a/../../${slow.runId}/go.sh`,
      `../../../go.sh`,
      join(folders.root, 'go.sh'),
    ];
    for (const name of elsewhere) {
      const path = `/api/internal/runs/${own.runId}/artifacts/${encodeURIComponent(name)}`;
      await expectProblem(
        await send({ method: 'PUT', path, body: 'touch taken-over' }, proof),
        400,
        'VALIDATION',
      );
    }
    for (const name of elsewhere) {
      const artifacts = [{ name, size: 5 }];
      const event = anEvent(own.runId, 'run.progress', { attempt: 1, artifacts }, { leaseToken } as object);
      await send(json('POST', '/api/internal/events', event), WITH_KEY);
      const download = `/api/runs/${own.runId}/artifacts/${encodeURIComponent(name)}`;
      expect((await send({ method: 'GET', path: download }, BEARER)).status).toBe(404);
    }
    const end = anEvent(own.runId, 'run.completed', { attempt: 1 }, { leaseToken } as object);
    expect(await (await send(json('POST', '/api/internal/events', end), WITH_KEY)).json()).toMatchObject({
      rejected: [],
    });
    await untilEnded(own.runId);
    expect(filesOf(own)).toEqual([]);
    await expectNothingHappened();
  });

  /** Returns the calls of the attacks, and one call of each other route. */
  const everyCall = () =>
    routes.flatMap(({ method, path }): Call[] => {
      const attacks = ATTACKS[`${method} ${path}`];
      if (attacks) return attacks(slow.runId, ['attacker']);
      const filled = path
        .replace('{projectId}', 'slow')
        .replace('{runId}', slow.runId)
        .replace(/\{\w+\}/g, '1');
      return [method === 'GET' ? { method, path: filled } : json(method, filled, {})];
    });
  const isOpen = ({ path }: Call) => path === '/api/health/live' || path === '/api/health/ready';

  it('cannot use a worker key as the admin token', async () => {
    const others = everyCall().filter((call) => !isOpen(call) && !call.path.startsWith('/api/internal'));
    expect(others.length).toBeGreaterThan(20);
    for (const call of others) {
      const response = await send(call, WITH_KEY);
      expect([call.path, response.status]).toEqual([call.path, 401]);
      expectNamesNoHolder(await response.text());
    }
    await expectNothingHappened();
  });

  it('cannot call protected routes without credentials', async () => {
    for (const call of everyCall()) {
      const response = await send(call);
      expect([call.path, response.status]).toEqual([call.path, isOpen(call) ? 200 : 401]);
      expectNamesNoHolder(await response.text());
    }
    await expectNothingHappened();
  });

  it('cannot crash the server with malformed bodies', async () => {
    const deep = '['.repeat(100_000);
    const bodies = [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      deep,
      `{"workerId":${deep}`,
      '{"__proto__":{"workerId":"x"}}',
    ];
    for (const { method, path } of Object.keys(ATTACKS).map((route) => {
      const [of, where] = route.split(' ') as [string, string];
      return { method: of, path: where.replace('{runId}', slow.runId).replace('{name}', 'go.sh') };
    })) {
      for (const body of bodies) {
        const { status } = await send(
          { method, path, headers: JSON_BODY, ...(method !== 'GET' && { body }) },
          WITH_KEY,
        );
        expect([path, body.slice(0, 20), status < 500]).toEqual([path, body.slice(0, 20), true]);
      }
    }
    await expectNothingHappened();
  });

  it('has not affected the server, and every run completes', async () => {
    expect((await send({ method: 'GET', path: '/api/health/live' })).status).toBe(200);
    expect(server.child.exitCode).toBeNull();
    await pipes.slow.write('go\n');
    await untilEnded(slow.runId);
    await pipes.queued.write('go\n');
    await untilEnded(queued.runId);
    const end = anEvent(outside.runId, 'run.completed', { attempt: 1 }, { leaseToken: lease } as object);
    await send(json('POST', '/api/internal/events', end), WITH_KEY);
    await untilEnded(outside.runId);
    for (const run of [slow, queued]) {
      expect(await view(run.runId)).toMatchObject({
        status: 'completed',
        attempt: 1,
        steps: [{ status: 'completed' }, { status: 'completed' }],
        artifacts: [],
      });
      expect(await logOf(run.runId)).toBe('first-runs\nsecond-ran\n');
    }
    expect(await view(outside.runId)).toMatchObject({ status: 'completed', attempt: 1, artifacts: [] });
    expect(existsSync(loot)).toBe(false);
  });
});
