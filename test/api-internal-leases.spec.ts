import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { EventStream } from '../src/events/event-stream';
import { signed } from '../src/events/lease-proof';
import { type RunEvent, toStreamFields } from '../src/events/run-event';
import { UNUSED_LEASE_SECONDS } from '../src/runs/lease-times';
import { RunRepository } from '../src/runs/run.repository';
import { ClaimMatcher } from '../src/workers/claim-matcher';
import { expectInvalid, problem } from './support/expect-problem';
import { eventually } from './support/crash';
import { type Folders, isOnRedis, makeFolders, nodeStep, RunningApp, writeConfig } from './support/jobato';
import {
  anEvent,
  type ClaimedEnvelope,
  endAllRuns,
  externalProject,
  HttpWorker,
  KEY,
} from './support/worker-api';
import { TurnedClock } from './support/turned-clock';

const RETRY = 'retry: { maxAttempts: 2 }\n';
const WAITS = 'setInterval(() => {}, 1000)';

describe('lease', () => {
  const PROJECTS = Array.from({ length: 30 }, (_, index) => `p${index}`);
  const ENVIRONMENT = { JOBATO_API_KEY: KEY, WORKER: 'off' };
  let folders: Folders;
  let jobato: RunningApp;
  let used = 0;
  beforeAll(async () => {
    folders = makeFolders({
      ...Object.fromEntries(PROJECTS.map((id) => [id, externalProject(id, RETRY)])),
      once: externalProject('once'),
      steps: nodeStep('steps', '0', RETRY),
      calls: externalProject('calls', `${RETRY}quota: true\n`),
    });
    writeConfig(
      folders,
      'quota.yaml',
      'quota: { dailyLimit: 50, resetPolicy: { timeZone: UTC, resetHour: 0 } }\n',
    );
    jobato = await RunningApp.start(folders, ENVIRONMENT);
  });
  afterAll(async () => {
    await jobato.stop();
    rmSync(folders.root, { recursive: true });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    clock = null;
    await endAllRuns(jobato);
  });

  const aRun = async (projectId = PROJECTS[used++]!) => jobato.trigger(projectId);
  const find = async (runId: string) => (await jobato.app.get(RunRepository).find(runId))!;
  const history = async (runId: string) => {
    const { body } = await jobato.api.get(`/api/runs/${runId}/events?limit=200`).expect(200);
    const { items } = body as { items: { eventType: string; outcome: string }[] };
    return items.map(({ eventType, outcome }) => `${eventType} ${outcome}`);
  };
  /** After its first call, only the test moves the server's clocks. */
  let clock: TurnedClock | null = null;
  const pass = (seconds: number) => (clock ??= new TurnedClock(jobato)).pass(seconds);
  /** Repeats the same claim and returns its response; null for 204. */
  const again = async (worker: HttpWorker, claimId: string): Promise<ClaimedEnvelope | null> => {
    const response = await worker.claim({ claimId, projectIds: [] });
    return response.status === 204 ? null : ((await response.json()) as ClaimedEnvelope);
  };

  describe('proof by token', () => {
    it('rejects calls that have only a worker name, an attempt or another token', async () => {
      const { runId } = await aRun();
      const holder = new HttpWorker(jobato, 'holder-of-the-run');
      await holder.claimed();
      await holder.heartbeat(runId);
      const before = await find(runId);
      const stranger = new HttpWorker(jobato, holder.workerId);
      const said = { workerId: holder.workerId, attempt: 1 };
      for (const header of <Record<string, string>[]>[{}, { 'x-jobato-lease': randomUUID() }]) {
        for (const request of [
          stranger.post(`runs/${runId}/heartbeat`, said),
          stranger.post(`runs/${runId}/release`, said),
          stranger.post(`runs/${runId}/logs`, { ...said, lines: [{ text: 'x' }] }),
          stranger.upload(runId, 'go.sh', 'x').set({ 'x-jobato-worker-id': holder.workerId }),
        ]) {
          await request
            .set(header)
            .expect(problem(409, 'LEASE_LOST', { detail: expect.not.stringContaining(holder.workerId) }));
        }
      }
      expect(await find(runId)).toEqual(before);
      expect(existsSync(join(jobato.folders.dataDir, 'runs', runId))).toBe(false);
      await jobato.api.get(`/api/runs/${runId}/logs`).expect(200, '');
    });

    it('is required for each event over HTTP, and a rejected event applies once proven', async () => {
      const [claimed, free] = [await aRun(), await aRun()];
      const worker = new HttpWorker(jobato);
      await worker.claimed();
      const stranger = new HttpWorker(jobato);
      const event = anEvent(claimed.runId, 'run.completed', { newJobsCount: 3 });
      const answer = await stranger.say(
        event,
        anEvent(free.runId, 'run.progress', { current: 1 }),
        { ...anEvent(claimed.runId, 'run.failed', { errorCode: 'X', message: 'x' }), leaseToken: 'guess' },
        anEvent(claimed.runId, 'run.log', { lines: [{ text: 'x' }] }),
      );
      expect(answer).toEqual({
        accepted: 1,
        duplicates: 0,
        rejected: [0, 2, 3].map((index) => ({ index, reason: 'LEASE_LOST' })),
      });
      expect((await find(claimed.runId)).status).toBe('running');
      expect(await history(claimed.runId)).toEqual(['run.requested applied']);
      const listed = await jobato.api.get('/api/events/rejected').expect(200);
      expect(listed.text).not.toContain(claimed.runId);

      expect(await worker.say(event)).toMatchObject({ accepted: 1, rejected: [] });
      expect(await find(claimed.runId)).toMatchObject({ status: 'completed', metrics: { newJobsCount: 3 } });
    });

    it('never stores, shows or publishes the token', async () => {
      const published: string[] = [];
      const following = await jobato.app
        .get(EventStream)
        .follow((fields) => void published.push(JSON.stringify(fields)));
      const { runId } = await aRun();
      const worker = new HttpWorker(jobato);
      const { leaseToken } = await worker.claimed();
      await worker.say(anEvent(runId, 'run.progress', { current: 1 }));
      await worker.say({ ...anEvent(runId, 'run.progress', { current: 'bad' }) });
      await worker.release(runId);
      await following.stop();
      const shown = await Promise.all(
        [
          `/api/runs/${runId}`,
          `/api/runs/${runId}/events`,
          `/api/runs/${runId}/logs`,
          '/api/events/rejected',
          '/api/workers',
        ].map(async (path) => {
          const { text } = await jobato.api.get(path).set({ accept: 'application/json' }).expect(200);
          return text;
        }),
      );
      for (const text of [...shown, ...published]) expect(text).not.toContain(leaseToken);
    });

    it('requires an HMAC for stream entries and records others without effect', async () => {
      if (!isOnRedis()) return; // only this process can write to the embedded stream
      const { runId } = await aRun();
      const worker = new HttpWorker(jobato);
      const { leaseToken } = await worker.claimed();
      const stream = jobato.app.get(EventStream);
      const event = (payload: object): RunEvent =>
        anEvent(runId, 'run.completed', payload) as unknown as RunEvent;
      await stream.publish([
        toStreamFields(event({ newJobsCount: 9 })),
        { ...toStreamFields(event({ newJobsCount: 8 })), leaseProof: leaseToken },
        signed(toStreamFields(event({ newJobsCount: 3 })), leaseToken),
      ]);
      await jobato.until(runId, ({ status }) => status !== 'running');
      expect(await find(runId)).toMatchObject({ status: 'completed', metrics: { newJobsCount: 3 } });
      expect((await history(runId)).slice(1)).toEqual([
        'run.completed lease-lost',
        'run.completed lease-lost',
        'run.completed applied',
      ]);
    });

    it('is required for unclaimed runs with steps, where run.completed is only recorded', async () => {
      const { runId } = await aRun('steps');
      const worker = new HttpWorker(jobato);
      const end = anEvent(runId, 'run.completed');
      expect(await worker.say(end)).toEqual({
        accepted: 0,
        duplicates: 0,
        rejected: [{ index: 0, reason: 'LEASE_LOST' }],
      });
      expect(await find(runId)).toMatchObject({ status: 'running', workerId: null });
      expect(await history(runId)).toEqual(['run.requested applied', 'run.completed lease-lost']);
      await worker.heartbeat(runId).expect(problem(409, 'LEASE_LOST'));
    });

    it('counts quota calls of a lost attempt only if that attempt proves them', async () => {
      const used = async () => {
        const { body } = await jobato.api.get('/api/projects/calls/summary').expect(200);
        return (body as { quota: { used: number } }).quota.used;
      };
      const { runId } = await aRun('calls');
      const lost = new HttpWorker(jobato);
      await lost.claimed({ projectIds: ['calls'] });
      await lost.heartbeat(runId);
      await lost.release(runId);
      await new HttpWorker(jobato).claimed({ projectIds: ['calls'] });
      const report = () => anEvent(runId, 'run.progress', { attempt: 1, quotaUsed: 5 });
      expect(await new HttpWorker(jobato).say(report())).toMatchObject({
        accepted: 0,
        rejected: [{ reason: 'LEASE_LOST' }],
      });
      const next = anEvent(runId, 'run.progress', { attempt: 3, quotaUsed: 5 });
      expect(await new HttpWorker(jobato).say(next)).toMatchObject({ accepted: 1 });
      expect(await used()).toBe(0);
      expect(await lost.say(report())).toMatchObject({ accepted: 1 });
      expect(await used()).toBe(5);
    });
  });

  describe('after a lost response', () => {
    it('is returned again for the same claim ID until used, even after a restart', async () => {
      const { runId } = await aRun();
      const worker = new HttpWorker(jobato);
      const claimId = randomUUID();
      const first = await worker.claimed({ claimId });
      expect(await again(worker, claimId)).toEqual(first);
      expect(await again(new HttpWorker(jobato), randomUUID())).toBeNull();
      await pass(UNUSED_LEASE_SECONDS + 1);
      expect(await again(worker, claimId)).toEqual(first);
      jest.restoreAllMocks();
      await jobato.stop();
      jobato = await RunningApp.start(folders, ENVIRONMENT);
      const later = new HttpWorker(jobato, worker.workerId);
      expect(await again(later, claimId)).toEqual(first);
      await later.post(`runs/${runId}/logs`, { lines: [] }).set({ 'x-jobato-lease': first.leaseToken });
      expect(await again(later, claimId)).toBeNull();
      expect(await find(runId)).toMatchObject({ attempt: 1, workerId: worker.workerId });
    });

    it('goes to the later of two calls with the same claim ID', async () => {
      const worker = new HttpWorker(jobato);
      const claimId = randomUUID();
      const project = PROJECTS[used++]!;
      const first = worker.claim({ claimId, projectIds: [project], waitSeconds: 60 });
      await eventually('the first call', async () =>
        (await jobato.api.get('/api/workers').expect(200)).text.includes(worker.workerId),
      );
      const second = worker.claimed({ claimId, projectIds: [project], waitSeconds: 60 });
      expect((await first).status).toBe(204);
      const { runId } = await aRun(project);
      expect((await second).runId).toBe(runId);
    });

    it('returns to the queue if the connection closes before the response', async () => {
      const { runId } = await aRun('once');
      const queue = jobato.app.get(ClaimMatcher);
      const claim = queue.claim.bind(queue);
      const leaving = new AbortController();
      const gone = new Promise<void>((resolve) => {
        const server = jobato.app.getHttpServer();
        server.once('request', (_request, response: ServerResponse) => response.once('close', resolve));
      });
      jest.spyOn(queue, 'claim').mockImplementationOnce(async (...args) => {
        const granted = await claim(...args);
        leaving.abort();
        await gone;
        return granted;
      });
      const worker = new HttpWorker(jobato);
      const body = { claimId: randomUUID(), projectIds: ['once'] };
      await expect(worker.claim(body, { signal: leaving.signal })).rejects.toThrow();
      const back = await jobato.until(runId, ({ workerId, revision }) => workerId === null && revision > 1);
      expect(back).toMatchObject({ status: 'running', attempt: 1, leaseToken: null, leaseClaimId: null });
    });

    it('stays with a later call that received the same response', async () => {
      const { runId } = await aRun('once');
      const worker = new HttpWorker(jobato);
      const request = {
        workerId: worker.workerId,
        claimId: randomUUID(),
        projectIds: ['once'],
        executor: null,
        waitSeconds: 0,
        signal: new AbortController().signal,
      };
      const queue = jobato.app.get(ClaimMatcher);
      const lost = (await queue.claim(request))!;
      const given = await worker.claimed({ claimId: request.claimId, projectIds: [] });
      await queue.answered(lost, false);
      expect(given.runId).toBe(runId);
      await worker.heartbeat(runId).expect(200);
    });

    it('returns to the queue if unused, without using an attempt', async () => {
      const { runId } = await aRun('once');
      const worker = new HttpWorker(jobato);
      await worker.claimed({ projectIds: ['once'] });
      await pass(UNUSED_LEASE_SECONDS - 1);
      expect((await find(runId)).workerId).toBe(worker.workerId);
      await pass(2);
      expect(await find(runId)).toMatchObject({ status: 'running', attempt: 1, workerId: null });
      jest.restoreAllMocks();
      await worker.heartbeat(runId).expect(problem(409, 'LEASE_LOST'));
      const next = new HttpWorker(jobato);
      expect((await next.claimed({ projectIds: ['once'] })).runId).toBe(runId);
      expect(await worker.say(anEvent(runId, 'run.completed', { attempt: 1 }))).toMatchObject({
        rejected: [{ reason: 'LEASE_LOST' }],
      });
      await next.say(anEvent(runId, 'run.completed', { attempt: 1 }));
      expect((await find(runId)).status).toBe('completed');
    });

    it('can be released unused without using an attempt', async () => {
      const { runId } = await aRun('once');
      const worker = new HttpWorker(jobato);
      await worker.claimed({ projectIds: ['once'] });
      await worker.release(runId).expect(200, { status: 'running', attempt: 1 });
      expect((await new HttpWorker(jobato).claimed({ projectIds: ['once'] })).payload).toMatchObject({
        attempt: 1,
      });
    });
  });

  it('gives each attempt an empty folder', async () => {
    const { runId } = await aRun();
    const lost = new HttpWorker(jobato);
    await lost.claimed();
    await lost.upload(runId, 'out/half.txt', 'half').expect(201);
    await lost.release(runId);
    const next = new HttpWorker(jobato);
    await next.claimed();
    await next.say(anEvent(runId, 'run.completed', { artifacts: [{ name: 'out/half.txt' }] }));
    await jobato.api
      .get(`/api/runs/${runId}/artifacts/${encodeURIComponent('out/half.txt')}`)
      .expect(problem(404, 'ARTIFACT_NOT_FOUND'));
  });

  it('requires a UUID as claim ID', async () =>
    expect(await expectInvalid(await new HttpWorker(jobato).claim({ claimId: 'mine' }))).toEqual([
      'claimId',
    ]));
});

describe('runs with steps on a server with an embedded worker', () => {
  it('ignore calls and events from outside', async () => {
    const jobato = await RunningApp.start(
      { steps: nodeStep('steps', `console.log('at work'); ${WAITS}`) },
      { JOBATO_API_KEY: KEY },
    );
    try {
      const { runId } = await jobato.trigger('steps');
      const { workerId } = await jobato.until(runId, ({ steps }) => steps[0]!.status === 'running');
      const attacker = new HttpWorker(jobato, workerId!);
      const said = [
        anEvent(runId, 'run.completed'),
        anEvent(runId, 'run.completed', { attempt: 1 }),
        anEvent(runId, 'run.failed', { errorCode: 'X', message: 'x' }),
        anEvent(runId, 'run.cancelled'),
        anEvent(runId, 'run.progress', { step: 'work', stepStatus: 'completed', metrics: { found: 1 } }),
        anEvent(runId, 'run.heartbeat', { workerId, attempt: 1, leaseSeconds: 1 }),
        anEvent(runId, 'run.log', { lines: [{ text: 'forged' }] }),
      ];
      const { rejected } = await attacker.say(...said);
      expect(rejected).toEqual(said.map((_, index) => ({ index, reason: 'LEASE_LOST' })));
      if (isOnRedis()) {
        const stream = jobato.app.get(EventStream);
        const forged = said.map((event) => toStreamFields({ ...event, eventId: randomUUID() } as RunEvent));
        await stream.publish(forged);
        await eventually('the forged entries in the history', async () => {
          const { body } = await jobato.api.get(`/api/runs/${runId}/events?limit=200`).expect(200);
          const { items } = body as { items: { eventId: string }[] };
          return forged.every(({ eventId }) => items.some((item) => item.eventId === eventId));
        });
      }
      for (const request of [
        attacker.heartbeat(runId),
        attacker.release(runId),
        attacker.log(runId, [{ text: 'forged' }], { workerId, attempt: 1 }),
        attacker
          .upload(runId, 'go.sh', 'x')
          .set({ 'x-jobato-worker-id': workerId!, 'x-jobato-attempt': '1' }),
      ]) {
        await request.expect(problem(409, 'LEASE_LOST'));
      }
      expect(existsSync(join(jobato.folders.dataDir, 'runs', runId, 'go.sh'))).toBe(false);
      expect(await jobato.app.get(RunRepository).get(runId)).toMatchObject({
        status: 'running',
        attempt: 1,
        metrics: {},
        steps: [{ status: 'running' }],
      });
      const log = async () => (await jobato.api.get(`/api/runs/${runId}/logs`).expect(200)).text;
      await eventually('the line of the step', async () => (await log()) !== '');
      expect(await log()).toBe('at work\n');
      await jobato.api.delete(`/api/runs/${runId}`).expect(202);
      expect(await jobato.untilEnded(runId)).toMatchObject({ status: 'cancelled' });
    } finally {
      await jobato.stop();
    }
  });
});
