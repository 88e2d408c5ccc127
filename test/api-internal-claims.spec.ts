import type { ServerResponse } from 'node:http';
import { Clock, monotonicMs } from '../src/clock/clock';
import { EventStream } from '../src/events/event-stream';
import type { HttpEnvelope } from '../src/workers/http/http-envelope';
import { OverdueWatch } from '../src/workers/overdue-watch';
import { RunClaims } from '../src/workers/run-claims';
import { LEASE_SECONDS, UNUSED_LEASE_SECONDS } from '../src/runs/lease-times';
import { RunRepository } from '../src/runs/run.repository';
import { WorkerPresence } from '../src/presence/worker-presence';
import { invalid, problem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';
import { anEvent, endAllRuns, externalProject, HttpWorker, KEY } from './support/worker-api';
import { until } from './support/until';

const UUID = '01890000-0000-7000-8000-000000000000';
const PROJECTS = Array.from({ length: 250 }, (_, index) => `p${String(index).padStart(3, '0')}`);
const RETRY = 'retry: { maxAttempts: 2 }\n';

describe('claiming runs over HTTP', () => {
  let jobato: RunningApp;
  let used = 0;
  beforeAll(async () => {
    const external = PROJECTS.map((id) => [id, externalProject(id, RETRY)] as const);
    const steps = ['s1', 's2', 's3'].map((id) => [id, nodeStep(id, '0', RETRY)] as const);
    jobato = await RunningApp.start(Object.fromEntries([...external, ...steps]), {
      JOBATO_API_KEY: KEY,
      WORKER: 'off',
    });
  });
  afterAll(() => jobato.stop());
  afterEach(() => endAllRuns(jobato));

  const aProject = () => PROJECTS[used++ % PROJECTS.length]!;
  const aRun = () => jobato.trigger(aProject());
  const find = (runId: string) => jobato.app.get(RunRepository).find(runId);
  const workersSeen = async () =>
    (
      (await (await jobato.fetch('/api/workers')).json()) as {
        items: { workerId: string; kind: string; lastHeardAt: string; runIds: string[] }[];
      }
    ).items;
  /** Resolves when the server has received this worker's call. */
  const untilHere = async ({ workerId }: HttpWorker) => {
    while (!(await workersSeen()).some((seen) => seen.workerId === workerId));
  };

  it('returns the published request and assigns the run to the worker', async () => {
    const published: Record<string, string>[] = [];
    let onRequest: () => void;
    const requested = new Promise<void>((resolve) => (onRequest = resolve));
    const following = await jobato.app.get(EventStream).follow((fields) => {
      published.push(fields);
      onRequest();
    });
    const project = aProject();
    const { runId } = await jobato.trigger(project, { scope: 'full' });
    await requested;
    await following.stop();

    const worker = new HttpWorker(jobato);
    const envelope = await worker.claimed();
    const { payload, eventVersion, ...texts } = published[0]!;
    expect(envelope).toEqual({
      ...texts,
      eventVersion: Number(eventVersion),
      payload: JSON.parse(payload!),
      leaseToken: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(envelope).toMatchObject({
      runId,
      eventType: 'run.requested',
      eventVersion: 1,
      payload: { projectId: project, scope: 'full', attempt: 1 },
    });
    const run = await find(runId);
    expect(run).toMatchObject({ workerId: worker.workerId, attempt: 1, claimedAt: expect.any(String) });
    expect(Date.parse(run!.leaseExpiresAt!) - Date.parse(run!.claimedAt!)).toBe(UNUSED_LEASE_SECONDS * 1000);
    await worker.heartbeat(runId);
    const used = await find(runId);
    expect(Date.parse(used!.leaseExpiresAt!) - Date.parse(used!.leaseUsedAt!)).toBe(LEASE_SECONDS * 1000);
    expect((await worker.claim()).status).toBe(204);
  });

  it('returns 204 without a body if there is no run', async () => {
    for (const body of [
      {},
      { waitSeconds: 0 },
      { waitSeconds: 0.05 },
      { waitSeconds: null, projectIds: null },
    ]) {
      const response = await new HttpWorker(jobato).claim(body);
      expect([response.status, await response.text()]).toEqual([204, '']);
    }
  });

  it('returns the oldest run first', async () => {
    const runs = [await aRun(), await aRun(), await aRun()];
    const worker = new HttpWorker(jobato);
    for (const { runId } of runs) expect((await worker.claimed()).runId).toBe(runId);
  });

  it('wakes waiting workers in their order of arrival when runs start', async () => {
    const workers = Array.from({ length: 3 }, () => new HttpWorker(jobato));
    const claims: Promise<HttpEnvelope>[] = [];
    for (const worker of workers) {
      claims.push(worker.claimed({ waitSeconds: 60 }));
      await untilHere(worker);
    }
    const runs = [await aRun(), await aRun(), await aRun()];
    expect((await Promise.all(claims)).map(({ runId }) => runId)).toEqual(runs.map(({ runId }) => runId));
  });

  it('gives each of many runs to one worker while the others keep waiting', async () => {
    const workers = Array.from({ length: 100 }, () => new HttpWorker(jobato));
    const given: string[] = [];
    const claims = workers.map(async (worker) => {
      const { runId } = await worker.claimed({ waitSeconds: 60 });
      given.push(runId);
    });
    const presence = jobato.app.get(WorkerPresence);
    const names = new Set(workers.map(({ workerId }) => workerId));
    const asking = async () => presence.list().filter(({ workerId }) => names.has(workerId)).length;
    await until(async () => (await asking()) === 100);
    const look = jest.spyOn(jobato.app.get(RunRepository), 'unclaimed');
    const first = await aRun();
    await jobato.until(first.runId, ({ workerId }) => workerId !== null);
    const looks = look.mock.calls.length;
    look.mockRestore();
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThanOrEqual(2); // for all 100 claims

    const runs = await Promise.all(Array.from({ length: 99 }, aRun));
    await Promise.all(claims);
    expect(given.sort()).toEqual([first, ...runs].map(({ runId }) => runId).sort());
    for (const { runId } of runs) expect((await find(runId))!.workerId).toMatch(/^worker-/);
  });

  it('gives a run to one caller when another path claims it at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const { runId } = await aRun();
      const leases = jobato.app.get(RunClaims);
      const [overHttp, beside] = await Promise.all([
        new HttpWorker(jobato).claim(),
        leases.claimForCaller(runId, 'beside', null),
      ]);
      expect([overHttp.status === 200, beside !== null].filter(Boolean)).toHaveLength(1);
      await endAllRuns(jobato);
    }
  });

  it('returns only runs of the projects named by the worker, for either executor', async () => {
    const [one, other] = [aProject(), aProject()];
    const worker = new HttpWorker(jobato);
    const first = await jobato.trigger(one);
    const second = await jobato.trigger(other);
    const steps = await jobato.trigger('s1');
    expect((await worker.claim({ projectIds: [] })).status).toBe(204);
    expect((await worker.claim({ projectIds: ['nothing-of-ours'] })).status).toBe(204);
    expect((await worker.claimed({ projectIds: [other, 's1'] })).runId).toBe(second.runId);
    expect((await worker.claimed({ projectIds: [other, 's1'] })).runId).toBe(steps.runId);
    const waiting = worker.claimed({ projectIds: [other, 's2'], waitSeconds: 60 });
    const wanted = await jobato.trigger('s2');
    expect((await waiting).runId).toBe(wanted.runId);
    // This server has WORKER=off, so any worker may claim runs with steps.
    const third = await jobato.trigger('s3');
    expect((await worker.claimed()).runId).toBe(first.runId);
    expect((await worker.claimed()).runId).toBe(third.runId);
  });

  it('returns only runs of the executor named by the worker', async () => {
    const [external, steps] = [await aRun(), await jobato.trigger('s3')];
    const worker = new HttpWorker(jobato);
    expect((await worker.claimed({ executor: 'steps' })).runId).toBe(steps.runId);
    expect((await worker.claim({ executor: 'steps' })).status).toBe(204);
    expect((await worker.claim({ executor: 'steps', projectIds: [external.projectId] })).status).toBe(204);
    expect((await worker.claimed({ executor: 'external' })).runId).toBe(external.runId);
  });

  it('returns no run that was stopped or started without a claim', async () => {
    const [stopped, begun] = [await aRun(), await aRun()];
    await jobato.fetch(`/api/runs/${stopped.runId}`, { method: 'DELETE' });
    await new HttpWorker(jobato).say(anEvent(begun.runId, 'run.progress', { current: 1 }));
    expect((await new HttpWorker(jobato).claim()).status).toBe(204);
  });

  it('returns the next attempt of a released run', async () => {
    const { runId } = await aRun();
    const [one, other] = [new HttpWorker(jobato, 'one'), new HttpWorker(jobato, 'other')];
    const first = await one.claimed();
    await one.heartbeat(runId);
    const waiting = other.claimed({ waitSeconds: 60 });
    await untilHere(other);
    await one.release(runId, 1, { reason: 'SIGTERM' }).expect(200, { status: 'running', attempt: 2 });
    const second = await waiting;
    expect(second).toMatchObject({ runId, payload: { attempt: 2 } });
    expect(second.eventId).not.toBe(first.eventId);
    await one.release(runId, 1).expect(problem(409, 'LEASE_LOST'));
    await one.release(runId, 2).expect(problem(409, 'LEASE_LOST'));
    await other.heartbeat(runId, 2);

    await other.release(runId, 2, { reason: 'SIGTERM' }).expect(200, { status: 'failed', attempt: 2 });
    expect(await find(runId)).toMatchObject({
      statusReason: 'worker-lost',
      error: { code: 'WORKER_LOST', message: null, loss: { kind: 'returned', reason: 'SIGTERM' } },
    });
    await other.release(runId, 2).expect(problem(409, 'RUN_ALREADY_ENDED'));
  });

  it('ends at once when the worker disconnects, and assigns no run', async () => {
    const worker = new HttpWorker(jobato);
    const leaving = new AbortController();
    const claim = worker.claim({ waitSeconds: 60 }, { signal: leaving.signal });
    await untilHere(worker);
    const left = new Promise<void>((resolve) => {
      const presence = jobato.app.get(WorkerPresence);
      const heard = jest.spyOn(presence, 'heard').mockImplementation((workerId) => {
        if (workerId !== worker.workerId) return;
        heard.mockRestore();
        resolve();
      });
    });
    leaving.abort();
    await expect(claim).rejects.toThrow();
    await left;
    const { runId } = await aRun();
    const other = new HttpWorker(jobato);
    expect((await other.claimed({ waitSeconds: 60 })).runId).toBe(runId);
  });

  it('returns a run to the queue if the worker disconnects during the claim', async () => {
    const { runId } = await aRun();
    const leases = jobato.app.get(RunClaims);
    const claim = leases.claimForCaller.bind(leases);
    const leaving = new AbortController();
    const gone = new Promise<void>((resolve) => {
      const server = jobato.app.getHttpServer();
      server.once('request', (_request, response: ServerResponse) => response.once('close', resolve));
    });
    jest.spyOn(leases, 'claimForCaller').mockImplementationOnce(async (...args) => {
      const run = await claim(...args);
      leaving.abort();
      await gone;
      return run;
    });
    const worker = new HttpWorker(jobato);
    await expect(worker.claim({ waitSeconds: 30 }, { signal: leaving.signal })).rejects.toThrow();
    const back = await jobato.until(runId, ({ workerId, revision }) => workerId === null && revision > 1);
    jest.restoreAllMocks();
    expect(back).toMatchObject({ status: 'running', attempt: 1, claimedAt: null, leaseExpiresAt: null });
    const next = await new HttpWorker(jobato).claimed();
    expect(next).toMatchObject({ runId, payload: { attempt: 1 } });
  });

  describe('heartbeat', () => {
    it('renews the lease and reports a stop request', async () => {
      const { runId } = await aRun();
      const worker = new HttpWorker(jobato);
      await worker.claimed();
      const before = (await find(runId))!.leaseExpiresAt!;
      const clock = jest.spyOn(jobato.app.get(Clock), 'nowMs').mockImplementation(() => Date.now() + 20_000);
      const first = await worker.heartbeat(runId).expect(200);
      clock.mockRestore();
      const { leaseExpiresAt } = (await find(runId))!;
      expect(first.body).toEqual({ cancelRequested: false, leaseExpiresAt });
      expect(Date.parse(leaseExpiresAt!) - Date.parse(before)).toBeGreaterThanOrEqual(20_000);
      await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
      const { body } = await worker.heartbeat(runId.toUpperCase()).expect(200);
      expect(body).toMatchObject({ cancelRequested: true });
    });

    it('assigns an unclaimed run to the worker', async () => {
      const { runId } = await aRun();
      const worker = new HttpWorker(jobato);
      await worker.heartbeat(runId).expect(200);
      expect(await find(runId)).toMatchObject({ workerId: worker.workerId, claimedAt: expect.any(String) });
    });

    it('is rejected for all but the lease holder', async () => {
      const { runId } = await aRun();
      const worker = new HttpWorker(jobato);
      await worker.claimed();
      const before = await find(runId);
      for (const [other, attempt] of [
        [new HttpWorker(jobato), 1],
        [worker, 2],
      ] as const) {
        await other
          .heartbeat(runId, attempt)
          .expect(problem(409, 'LEASE_LOST', { detail: expect.not.stringContaining(worker.workerId) }));
      }
      expect(await find(runId)).toEqual(before);
      await worker.heartbeat(runId);
      await worker.release(runId);
      await worker.heartbeat(runId, 1).expect(problem(409, 'LEASE_LOST'));
      await worker.claimed();
      await worker.say(anEvent(runId, 'run.completed'));
      await worker.heartbeat(runId, 2).expect(problem(409, 'RUN_ALREADY_ENDED'));
      for (const unknown of [UUID, 'x']) {
        await worker.heartbeat(unknown).expect(problem(404, 'RUN_NOT_FOUND'));
        await worker.release(unknown).expect(problem(404, 'RUN_NOT_FOUND'));
      }
    });
  });

  it.each<[string, unknown, string]>([
    ['runs/claim', {}, 'workerId'],
    ['runs/claim', { workerId: '' }, 'workerId'],
    ['runs/claim', { workerId: null }, 'workerId'],
    ['runs/claim', { workerId: 'x'.repeat(201) }, 'workerId'],
    ['runs/claim', { workerId: 7 }, 'workerId'],
    ['runs/claim', { workerId: 'w', waitSeconds: 61 }, 'waitSeconds'],
    ['runs/claim', { workerId: 'w', waitSeconds: -1 }, 'waitSeconds'],
    ['runs/claim', { workerId: 'w', waitSeconds: '5' }, 'waitSeconds'],
    ['runs/claim', { workerId: 'w', projectIds: 'p001' }, 'projectIds'],
    ['runs/claim', { workerId: 'w', projectIds: [1] }, 'projectIds'],
    ['runs/claim', { workerId: 'w', executor: 'magic' }, 'executor'],
    ['runs/claim', { workerId: 'w', projects: [] }, 'projects'],
    ['runs/claim', [], ''],
    [`runs/${UUID}/heartbeat`, { workerId: 'w' }, 'attempt'],
    [`runs/${UUID}/heartbeat`, { workerId: 'w', attempt: 0 }, 'attempt'],
    [`runs/${UUID}/heartbeat`, { workerId: 'w', attempt: 1.5 }, 'attempt'],
    [`runs/${UUID}/heartbeat`, { workerId: 'w', attempt: '1' }, 'attempt'],
    [`runs/${UUID}/heartbeat`, { workerId: 'w', attempt: 1, reason: 'x' }, 'reason'],
    [`runs/${UUID}/heartbeat`, { attempt: 1 }, 'workerId'],
    [`runs/${UUID}/release`, { workerId: 'w' }, 'attempt'],
    [`runs/${UUID}/release`, { workerId: 'w', attempt: 1, reason: 5 }, 'reason'],
  ])('rejects POST %s with %j', async (path, body, field) => {
    await new HttpWorker(jobato).post(path, body).expect(invalid(field));
  });

  describe('GET /api/workers', () => {
    it('lists callers with their last contact and their runs', async () => {
      const { runId } = await aRun();
      const [holder, waiter, beater] = [
        new HttpWorker(jobato),
        new HttpWorker(jobato),
        new HttpWorker(jobato),
      ];
      await holder.claimed();
      await beater.heartbeat(UUID);
      const leaving = new AbortController();
      const waiting = waiter.claim({ waitSeconds: 60 }, { signal: leaving.signal }).catch(() => undefined);
      await untilHere(waiter);
      // Hours pass in one step here, which must not end any lease.
      jest.spyOn(jobato.app.get(OverdueWatch), 'check').mockResolvedValue();
      const clock = jobato.app.get(Clock);
      const pass = (ms: number) => {
        jest.spyOn(clock, 'nowMs').mockImplementation(() => Date.now() + ms);
        jest.spyOn(clock, 'monotonicMs').mockImplementation(() => monotonicMs() + ms);
      };
      pass(600_000);
      const seen = new Map((await workersSeen()).map((worker) => [worker.workerId, worker]));
      const later = Date.now() + 599_000;
      expect(seen.get(holder.workerId)).toMatchObject({ kind: 'external', runIds: [runId] });
      expect(seen.get(beater.workerId)).toMatchObject({ kind: 'external', runIds: [] });
      expect(Date.parse(seen.get(beater.workerId)!.lastHeardAt)).toBeLessThan(later);
      // A waiting claim counts as present, however long ago it started.
      expect(Date.parse(seen.get(waiter.workerId)!.lastHeardAt)).toBeGreaterThan(later);

      pass(2 * 3_600_000);
      const remembered = (await workersSeen()).map(({ workerId }) => workerId);
      jest.restoreAllMocks();
      expect(remembered).toEqual(expect.arrayContaining([holder.workerId, waiter.workerId]));
      expect(remembered).not.toContain(beater.workerId);
      leaving.abort();
      await waiting;
    });

    it('keeps at most a thousand callers, but every waiting one', async () => {
      const presence = jobato.app.get(WorkerPresence);
      const leave = presence.arrive('waits');
      for (let index = 0; index < 1500; index++) presence.heard(`caller-${index}`);
      const names = (await workersSeen()).map(({ workerId }) => workerId);
      expect(names).toEqual(expect.arrayContaining(['waits', 'caller-1499']));
      expect(names).not.toContain('caller-0');
      expect(names.length).toBeLessThanOrEqual(1001);
      leave();
    });
  });
});

describe('claims on a server with an embedded worker', () => {
  it('return no run with steps, even if the worker names its project', async () => {
    const jobato = await RunningApp.start(
      {
        busy: nodeStep('busy', 'setInterval(() => {}, 1000)'),
        steps: nodeStep('steps', '0'),
        ext: externalProject('ext'),
      },
      { JOBATO_API_KEY: KEY, WORKER_CONCURRENCY: '1' },
    );
    try {
      const busy = await jobato.trigger('busy');
      await jobato.until(busy.runId, ({ workerId }) => workerId !== null);
      const steps = await jobato.trigger('steps');
      const worker = new HttpWorker(jobato);
      expect((await worker.claim()).status).toBe(204);
      const ext = await jobato.trigger('ext');
      expect((await worker.claimed()).runId).toBe(ext.runId);
      for (const more of [{ projectIds: ['steps'] }, { executor: 'steps' }]) {
        expect((await worker.claim(more)).status).toBe(204);
      }
      expect(await jobato.app.get(RunRepository).get(steps.runId)).toMatchObject({
        workerId: null,
        attempt: 1,
      });
    } finally {
      await jobato.stop();
    }
  });

  it('return 204 when the server stops', async () => {
    const jobato = await RunningApp.start({ ext: externalProject('ext') }, { JOBATO_API_KEY: KEY });
    const workers = Array.from({ length: 20 }, () => new HttpWorker(jobato));
    const claims = workers.map((worker) => worker.claim({ waitSeconds: 60 }));
    const presence = jobato.app.get(WorkerPresence);
    await until(async () => presence.list().length >= 21);
    await jobato.stop();
    for (const claim of claims) expect((await claim).status).toBe(204);
  });
});
