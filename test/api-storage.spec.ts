import { randomUUID } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Database } from '../src/database/database';
import type { RunView } from '../src/runs/run-view';
import type { HttpEnvelope } from '../src/workers/http/http-envelope';
import { expectProblem } from './support/expect-problem';
import { FormClient } from './support/form-client';
import { type Folders, makeFolders, nodeStep, RunningApp, writeConfig } from './support/jobato';
import { freePort } from './support/redis';
import { registeredRoutes } from './support/routes';
import { externalProject, KEY } from './support/worker-api';

const TOKEN = 'a-token-of-a-fair-length-0123456789';
const BEARER = { authorization: `Bearer ${TOKEN}` };

/** Checks a password and sets a cookie; stores nothing. */
/** They write nothing, or only to the configuration. */
const WRITES_NOTHING = [
  'POST /theme',
  'POST /login',
  'PATCH /api/queries/:id',
  'PATCH /api/allowlists/:domain',
  'POST /queries/query',
  'POST /queries/domain',
];

interface Answer {
  status: number;
  retryAfter: string | null;
  text: string;
}

describe('unwritable storage', () => {
  let folders: Folders;
  let jobato: RunningApp;
  let calls: Record<string, () => Promise<Answer>>;
  beforeAll(async () => {
    folders = makeFolders({
      open: nodeStep('open', '0'),
      held: externalProject('held'),
      beats: externalProject('beats'),
      waiting: externalProject('waiting'),
      ended: externalProject('ended'),
    });
    writeConfig(
      folders,
      'notifications.yaml',
      'channels: [{ id: ops, type: webhook, urlFrom: OPS_URL, allowPrivate: true }]',
    );
    const environment = {
      JOBATO_ADMIN_TOKEN: TOKEN,
      JOBATO_API_KEY: KEY,
      WORKER: 'off',
      OPS_URL: `http://127.0.0.1:${await freePort()}`, // refuses connections
    };
    jobato = await RunningApp.start(folders, environment);
    calls = await callsOfEveryRoute(jobato);
  });
  afterAll(async () => {
    await jobato.stop();
    rmSync(folders.root, { recursive: true, force: true });
  });

  it('is tested for every route that writes', () => {
    const writing = registeredRoutes(jobato)
      .map(({ method, path }) => `${method} ${path}`)
      .filter((route) => !/^(GET|HEAD|OPTIONS) /.test(route) && !WRITES_NOTHING.includes(route));
    expect(Object.keys(calls).sort()).toEqual([...new Set(writing)].sort());
  });

  it('returns 503 for every write while another program locks the file, and reads still work', async () => {
    const other = new BetterSqlite3(databaseFile(jobato));
    other.exec('BEGIN EXCLUSIVE');
    try {
      const answering = answersOf(calls);
      for (const path of ['/api/health/live', '/api/runs', '/', '/projects/open']) {
        const { status } = await jobato.fetch(path, { headers: BEARER });
        expect([path, status]).toEqual([path, 200]);
      }
      await expectUnavailable(await answering, 'another program has locked it');
      const ready = await jobato.fetch('/api/health/ready');
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('has locked it')]);
      const health = await jobato.fetch('/api/health', { headers: BEARER });
      expect(await health.json()).toMatchObject({ dependencies: { database: { status: 'trouble' } } });
      expect(jobato.app.get(Database)).toMatchObject({
        trouble: 'locked',
        lastTroubleAtMs: expect.any(Number),
      });
    } finally {
      other.close();
    }
    expect((await jobato.fetch('/api/health/ready')).status).toBe(200);
    expect(jobato.app.get(Database).trouble).toBeNull();
  });

  it('returns 503 for every write while the file is moved, and recovers when it is back', async () => {
    const file = databaseFile(jobato);
    renameSync(file, `${file}.away`);
    try {
      await expectUnavailable(await answersOf(calls), 'deleted, moved or replaced');
      expect((await jobato.fetch('/api/health/ready')).status).toBe(503);
      expect((await jobato.fetch('/api/health', { headers: BEARER })).status).toBe(503);
      expect((await jobato.fetch('/api/runs', { headers: BEARER })).status).toBe(200);
    } finally {
      renameSync(`${file}.away`, file);
    }
    expect((await jobato.fetch('/api/health/ready')).status).toBe(200);
  });

  it('is documented for every call that writes', async () => {
    const api = (await (await jobato.fetch('/api/openapi.json', { headers: BEARER })).json()) as {
      paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>;
    };
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        const described = [responses['503']?.description ?? '', responses['507']?.description ?? ''];
        const expected = [
          expect.stringContaining('STORAGE_UNAVAILABLE'),
          expect.stringContaining('STORAGE_FULL'),
        ];
        if (method !== 'get') expect([method, path, ...described]).toEqual([method, path, ...expected]);
      }
    }
  });
});

function databaseFile({ folders }: RunningApp): string {
  return join(folders.dataDir, 'db', 'jobato.db');
}

/** Returns one valid request for each route that writes, by the name of the route. */
async function callsOfEveryRoute(jobato: RunningApp): Promise<Record<string, () => Promise<Answer>>> {
  const send = async (method: string, path: string, headers: Record<string, string>, body?: string) =>
    answerOf(await jobato.fetch(path, { method, headers, body }));
  const api = (method: string, path: string, body?: object) =>
    body
      ? send(method, path, { ...BEARER, 'content-type': 'application/json' }, JSON.stringify(body))
      : send(method, path, BEARER);
  const worker = (path: string, body: object, more: Record<string, string> = {}) =>
    send(
      'POST',
      `/api/internal/${path}`,
      { 'x-jobato-api-key': KEY, 'content-type': 'application/json', ...more },
      JSON.stringify(body),
    );
  const started = async (projectId: string) =>
    JSON.parse((await api('POST', `/api/projects/${projectId}/runs`)).text) as RunView;

  const waiting = await started('waiting');
  const ended = await started('ended');
  await api('DELETE', `/api/runs/${ended.runId}`);
  // Without a stop, because a worker receives a stop even while nothing can be recorded.
  const beats = await started('beats');
  const held = await started('held');
  const claimed = JSON.parse(
    (await worker('runs/claim', { workerId: 'w', projectIds: ['held'] })).text,
  ) as HttpEnvelope & { leaseToken?: string };
  const lease: Record<string, string> = claimed.leaseToken ? { 'x-jobato-lease': claimed.leaseToken } : {};
  const event = () => ({
    eventId: randomUUID(),
    eventType: 'run.progress',
    eventVersion: 1,
    occurredAt: '2026-01-01T00:00:00.000Z',
    runId: held.runId,
    payload: { attempt: 1 },
    ...(claimed.leaseToken && { leaseToken: claimed.leaseToken }),
  });
  await worker('events', { ...event(), eventType: 'run.unknown' });
  const rejected = JSON.parse((await api('GET', '/api/events/rejected')).text) as { items: { id: number }[] };
  const rejectedId = rejected.items[0]!.id;
  const delivery = JSON.parse((await api('POST', '/api/notifications/channels/ops/test')).text) as {
    id: string;
  };
  // Only the end of a pause is stored.
  await api('PUT', '/api/pause');
  await api('PUT', '/api/projects/open/pause');

  const browser = new FormClient(jobato.url);
  await browser.submit('/login', '/login', { token: TOKEN });
  const csrfToken = await browser.tokenOf('/projects/open');
  const form = (path: string) => async (): Promise<Answer> => {
    const { status, headers, text } = await browser.post(path, { csrfToken });
    return { status, retryAfter: headers['retry-after'] ?? null, text };
  };

  return {
    'POST /api/runs': () => api('POST', '/api/projects/open/runs'),
    'POST /api/projects/:projectId/runs': () => api('POST', '/api/projects/open/runs'),
    'POST /api/runs/:runId/rerun': () => api('POST', `/api/runs/${ended.runId}/rerun`),
    'POST /api/runs/:runId/ask-again': () => api('POST', `/api/runs/${waiting.runId}/ask-again`),
    'DELETE /api/runs/:runId': () => api('DELETE', `/api/runs/${held.runId}`),
    'DELETE /api/projects/:projectId/runs/:runId': () =>
      api('DELETE', `/api/projects/held/runs/${held.runId}`),
    'POST /api/projects/:projectId/runs/:runId/rerun': () => api('POST', `/api/projects/ended/runs/1/rerun`),
    'POST /api/projects/:projectId/runs/:runId/ask-again': () =>
      api('POST', `/api/projects/waiting/runs/1/ask-again`),
    'PUT /api/runs/:runId/pin': () => api('PUT', `/api/runs/${ended.runId}/pin`),
    'DELETE /api/runs/:runId/pin': () => api('DELETE', `/api/runs/${ended.runId}/pin`),
    'DELETE /api/runs/:runId/record': () => api('DELETE', `/api/runs/${ended.runId}/record`),
    'PUT /api/projects/:projectId/runs/:runId/pin': () => api('PUT', '/api/projects/ended/runs/1/pin'),
    'DELETE /api/projects/:projectId/runs/:runId/pin': () => api('DELETE', '/api/projects/ended/runs/1/pin'),
    'DELETE /api/projects/:projectId/runs/:runId/record': () =>
      api('DELETE', '/api/projects/ended/runs/1/record'),
    'PUT /api/projects/:projectId/result': () =>
      api('PUT', '/api/projects/ended/result', { runId: ended.runId }),
    'POST /projects/:projectId/result/go-back': form('/projects/ended/result/go-back'),
    'PUT /api/pause': () => api('PUT', '/api/pause'),
    'DELETE /api/pause': () => api('DELETE', '/api/pause'),
    'PUT /api/projects/:projectId/pause': () => api('PUT', '/api/projects/open/pause'),
    'DELETE /api/projects/:projectId/pause': () => api('DELETE', '/api/projects/open/pause'),
    'POST /api/notifications/:id/resend': () => api('POST', `/api/notifications/${delivery.id}/resend`),
    'POST /api/notifications/channels/:id/test': () => api('POST', '/api/notifications/channels/ops/test'),
    'POST /notifications/:id/resend': form(`/notifications/${delivery.id}/resend`),
    'POST /notifications/channels/:id/test': form('/notifications/channels/ops/test'),
    'POST /api/events/rejected/:id/redeliver': () =>
      api('POST', `/api/events/rejected/${rejectedId}/redeliver`),
    'DELETE /api/events/rejected/:id': () => api('DELETE', `/api/events/rejected/${rejectedId}`),
    'POST /api/internal/events': () => worker('events', event()),
    'POST /api/internal/runs/claim': () =>
      worker('runs/claim', { workerId: 'w2', projectIds: ['waiting'], waitSeconds: 1 }),
    'POST /api/internal/runs/:runId/heartbeat': () =>
      worker(`runs/${beats.runId}/heartbeat`, { workerId: 'w', attempt: 1 }),
    'POST /api/internal/runs/:runId/release': () =>
      worker(`runs/${held.runId}/release`, { workerId: 'w', attempt: 1 }, lease),
    'POST /api/internal/runs/:runId/logs': () =>
      worker(`runs/${held.runId}/logs`, { attempt: 1, lines: [{ text: 'a' }] }, lease),
    'PUT /api/internal/runs/:runId/artifacts/:name': () =>
      send(
        'PUT',
        `/api/internal/runs/${held.runId}/artifacts/a.txt`,
        { 'x-jobato-api-key': KEY, 'x-jobato-worker-id': 'w', ...lease },
        'content',
      ),
    'POST /projects/:projectId/runs': form('/projects/open/runs'),
    'POST /runs/:runId/stop': form(`/runs/${held.runId}/stop`),
    'POST /runs/:runId/ask-again': form(`/runs/${waiting.runId}/ask-again`),
    'POST /runs/:runId/rerun': form(`/runs/${ended.runId}/rerun`),
    'POST /runs/:runId/pin': form(`/runs/${ended.runId}/pin`),
    'POST /runs/:runId/unpin': form(`/runs/${ended.runId}/unpin`),
    'POST /runs/:runId/delete': form(`/runs/${ended.runId}/delete`),
    'POST /projects/:projectId/runs/:runId/stop': form('/projects/held/runs/1/stop'),
    'POST /projects/:projectId/runs/:runId/ask-again': form('/projects/waiting/runs/1/ask-again'),
    'POST /projects/:projectId/runs/:runId/rerun': form('/projects/ended/runs/1/rerun'),
    'POST /projects/:projectId/runs/:runId/pin': form('/projects/ended/runs/1/pin'),
    'POST /projects/:projectId/runs/:runId/unpin': form('/projects/ended/runs/1/unpin'),
    'POST /projects/:projectId/runs/:runId/delete': form('/projects/ended/runs/1/delete'),
    'POST /projects/:projectId/pause': form('/projects/open/pause'),
    'POST /projects/:projectId/resume': form('/projects/open/resume'),
    'POST /schedules/pause': form('/schedules/pause'),
    'POST /schedules/resume': form('/schedules/resume'),
    'POST /events/rejected/:id/redeliver': form(`/events/rejected/${rejectedId}/redeliver`),
    'POST /events/rejected/:id/discard': form(`/events/rejected/${rejectedId}/discard`),
    'POST /logout': form('/logout'),
  };
}

async function answerOf(response: Response): Promise<Answer> {
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    text: await response.text(),
  };
}

async function answersOf(calls: Record<string, () => Promise<Answer>>): Promise<[string, Answer][]> {
  return Promise.all(
    Object.entries(calls).map(async ([route, call]): Promise<[string, Answer]> => [route, await call()]),
  );
}

/** A stop is kept in memory until it can be recorded. */
const STOPS = /^(DELETE \S*\/runs\/:runId|POST \S*\/stop)$/;

async function expectUnavailable(answers: [string, Answer][], reason: string): Promise<void> {
  for (const [route, answer] of answers) {
    expect([route, answer]).toEqual([
      route,
      {
        status: 503,
        retryAfter: '5',
        text: expect.stringContaining(STOPS.test(route) ? 'could not record the stop yet' : reason),
      },
    ]);
    if (!route.includes(' /api/')) continue;
    await expectProblem(
      new Response(answer.text, {
        status: answer.status,
        headers: { 'content-type': 'application/problem+json; charset=utf-8' },
      }),
      503,
      'STORAGE_UNAVAILABLE',
    );
  }
}
