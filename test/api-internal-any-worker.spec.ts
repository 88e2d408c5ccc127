import { randomUUID } from 'node:crypto';
import { LEASE_SECONDS } from '../src/runs/lease-times';
import type { RunView } from '../src/runs/run-view';
import { eventually } from './support/crash';
import { problem } from './support/expect-problem';
import { RunningApp } from './support/jobato';
import { TurnedClock } from './support/turned-clock';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

const START = Date.parse('2026-03-01T10:00:00.000Z');

describe('external workers', () => {
  const PROJECTS = Array.from({ length: 40 }, (_, index) => `p${index}`);
  let jobato: RunningApp;
  let worker: HttpWorker;
  let clock: TurnedClock;
  let used = 0;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        ...Object.fromEntries(PROJECTS.map((id) => [id, externalProject(id)])),
        twice: externalProject('twice', 'retry: { maxAttempts: 2 }\n'),
        once: externalProject('once'),
        stops: externalProject('stops', 'stopGraceSeconds: 20\n'),
        hurries: externalProject('hurries', 'claimTimeoutSeconds: 60\n'),
      },
      { JOBATO_API_KEY: KEY },
    );
    worker = new HttpWorker(jobato);
    clock = new TurnedClock(jobato, START);
  });
  afterAll(() => jobato.stop());

  const view = async (runId: string) => (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as RunView;
  /** Returns a run after its request is on the stream, which happens shortly after acceptance. */
  const aRun = async (projectId = PROJECTS[used++]!) => {
    const { runId } = await jobato.trigger(projectId);
    const isPublished = async () => (await view(runId)).waiting?.code !== 'not-yet-published';
    await eventually('its request on the stream', isPublished);
    return runId;
  };
  const at = (ms: number) => ({ occurredAt: new Date(ms).toISOString() });
  const history = async (runId: string) => {
    const { items } = (await (await jobato.fetch(`/api/runs/${runId}/events?limit=200`)).json()) as {
      items: { eventType: string; outcome: string }[];
    };
    return items.map(({ eventType, outcome }) => `${eventType} ${outcome}`);
  };
  /** Advances the clock while the server watches for overdue runs. */
  const pass = (seconds: number) => clock.pass(seconds);

  it('can complete a run with only run.completed, sent late, twice and without an attempt', async () => {
    const runId = await aRun();
    const startedAt = clock.nowMs;
    await pass(420);
    expect((await view(runId)).waiting).toMatchObject({ code: 'handed-out' });
    const completed = anEvent(
      runId,
      'run.completed',
      { persistedResults: 4, issuedCalls: 7, zeroResults: [{ queryText: 'q', domain: 'd' }] },
      at(clock.nowMs - 1000),
    );
    const again = anEvent(runId, 'run.completed', { persistedResults: 9 }, at(clock.nowMs));
    expect(await worker.say(completed)).toMatchObject({ accepted: 1 });
    expect(await worker.say(completed)).toMatchObject({ duplicates: 1 });
    expect(await worker.say(again)).toMatchObject({ accepted: 1 });
    const run = await view(runId);
    expect(run).toMatchObject({
      status: 'completed',
      statusReason: null,
      attempt: 1,
      workerId: null,
      durationMs: 419_000,
      endedAt: new Date(startedAt + 419_000).toISOString(),
      summary: { newJobsCount: 4 },
      waiting: null,
    });
    expect((await history(runId)).slice(1)).toEqual(['run.completed applied', 'run.completed already-ended']);
  });

  it('can fail a run with only run.failed', async () => {
    const runId = await aRun();
    await worker.say(
      anEvent(runId, 'run.failed', { errorCode: 'NETWORK_ERROR', message: 'no route' }, at(clock.nowMs)),
    );
    expect(await view(runId)).toMatchObject({
      status: 'failed',
      statusReason: 'worker-reported',
      error: { code: 'NETWORK_ERROR', message: 'no route' },
    });
  });

  it.each([
    ['before the run began', -3_600_000, 60_000],
    ['in the future', 3_600_000, 60_000],
  ])('can send events with a wrong clock: %s', async (_name, offMs, durationMs) => {
    const runId = await aRun();
    await pass(60);
    await worker.say(anEvent(runId, 'run.completed', {}, at(clock.nowMs + offMs)));
    expect(await view(runId)).toMatchObject({ status: 'completed', durationMs });
  });

  it('can send events in any order and more than once', async () => {
    const orders = [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [2, 4, 0, 3, 1],
      [3, 2, 0, 1, 4],
      [1, 0, 4, 2, 3],
    ];
    for (const order of orders) {
      const runId = await aRun();
      const said = { ...at(clock.nowMs) };
      const events = [
        anEvent(runId, 'run.started', { workerId: 'w', attempt: 1 }, said),
        anEvent(runId, 'run.heartbeat', { workerId: 'w', attempt: 1 }, said),
        anEvent(runId, 'run.progress', { step: 'fetch', stepStatus: 'running', current: 1 }, said),
        anEvent(runId, 'run.log', { lines: [{ n: 1, text: 'a line' }] }, said),
        anEvent(runId, 'run.completed', { newJobsCount: 2 }, said),
      ];
      const sent = order.flatMap((index) => [events[index], events[index]]);
      expect(await worker.say(...sent)).toEqual({ accepted: 5, duplicates: 5, rejected: [] });
      expect(await view(runId)).toMatchObject({ status: 'completed', summary: { newJobsCount: 2 } });
      expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe('a line\n');
    }
  });

  it('can send run.started, heartbeats, progress and log lines', async () => {
    const runId = await aRun();
    await worker.say(
      anEvent(runId, 'run.started', { workerId: 'w', attempt: 1, leaseSeconds: 60 }, at(clock.nowMs)),
      anEvent(runId, 'run.progress', { current: 3, total: 10, message: 'third' }, at(clock.nowMs)),
      anEvent(
        runId,
        'run.log',
        { lines: [{ text: 'one' }, { text: 'two', stream: 'stderr' }] },
        at(clock.nowMs),
      ),
    );
    expect(await view(runId)).toMatchObject({
      status: 'running',
      workerId: 'w',
      waiting: null,
      progress: { current: 3, total: 10, message: 'third' },
    });
    for (let time = 0; time < 5; time++) {
      await pass(50);
      await worker.say(
        anEvent(runId, 'run.heartbeat', { workerId: 'w', attempt: 1, leaseSeconds: 60 }, at(clock.nowMs)),
      );
    }
    expect((await view(runId)).status).toBe('running');
    await worker.say(
      anEvent(runId, 'run.completed', { status: 'partial', reason: 'quota-reached' }, at(clock.nowMs)),
    );
    expect(await view(runId)).toMatchObject({ status: 'partial', statusReason: 'quota-reached' });
    expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe('one\ntwo\n');
  });

  it('keep the run without a time limit if they never declare a lease', async () => {
    const runId = await aRun();
    await worker.say(anEvent(runId, 'run.started', { workerId: 'w', attempt: 1 }, at(clock.nowMs)));
    await pass(7 * 86_400);
    expect((await view(runId)).status).toBe('running');
    await worker.say(anEvent(runId, 'run.completed', {}, at(clock.nowMs)));
  });

  it('lose the run when the lease expires, and their late events change nothing', async () => {
    const runId = await aRun('twice');
    const [dead, next] = [new HttpWorker(jobato, 'dead'), new HttpWorker(jobato, 'next')];
    expect((await dead.claimed({ projectIds: ['twice'] })).payload).toMatchObject({ attempt: 1 });
    await dead.heartbeat(runId).expect(200);
    await pass(LEASE_SECONDS - 1);
    await dead.heartbeat(runId).expect(200);
    await pass(LEASE_SECONDS - 1);
    expect((await view(runId)).workerId).toBe('dead');
    await pass(2);
    expect(await view(runId)).toMatchObject({ status: 'running', attempt: 2, workerId: null });
    expect((await next.claimed({ projectIds: ['twice'] })).payload).toMatchObject({ attempt: 2 });
    await next.heartbeat(runId, 2).expect(200);
    const before = await view(runId);

    const late = [
      anEvent(runId, 'run.heartbeat', { workerId: 'dead', attempt: 1, leaseSeconds: 9999 }, at(clock.nowMs)),
      anEvent(runId, 'run.progress', { attempt: 1, metrics: { found: 1 } }, at(clock.nowMs)),
      anEvent(runId, 'run.log', { attempt: 1, lines: [{ text: 'late' }] }, at(clock.nowMs)),
      anEvent(runId, 'run.failed', { attempt: 1, errorCode: 'LATE', message: 'late' }, at(clock.nowMs)),
      anEvent(runId, 'run.completed', { attempt: 1, newJobsCount: 9 }, at(clock.nowMs)),
      anEvent(runId, 'run.cancelled', { attempt: 1 }, at(clock.nowMs)),
      anEvent(runId, 'run.heartbeat', { workerId: 'dead', attempt: 2 }, at(clock.nowMs)),
    ];
    expect(await dead.say(...late)).toEqual({
      accepted: 6,
      duplicates: 0,
      rejected: [{ index: 6, reason: 'LEASE_LOST' }],
    });
    expect((await history(runId)).slice(-6).map((line) => line.split(' ')[1])).toEqual(
      Array<string>(6).fill('stale-attempt'),
    );
    await dead.heartbeat(runId, 1).expect(problem(409, 'LEASE_LOST'));
    await dead.log(runId, [{ text: 'late' }], { attempt: 1 }).expect(problem(409, 'LEASE_LOST'));
    await dead.upload(runId, 'a', 'late').set({ 'x-jobato-attempt': '1' }).expect(problem(409, 'LEASE_LOST'));
    expect(await view(runId)).toEqual(before);
    expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe('');

    await pass(LEASE_SECONDS + 1);
    expect(await view(runId)).toMatchObject({
      status: 'failed',
      statusReason: 'worker-lost',
      attempt: 2,
      error: { code: 'WORKER_LOST', message: expect.stringContaining('next') },
    });
  });

  it('learn of a stop from a heartbeat and confirm it with run.cancelled', async () => {
    const runId = await aRun('once');
    const claimed = new HttpWorker(jobato);
    await claimed.claimed({ projectIds: ['once'] });
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    expect((await claimed.heartbeat(runId)).body).toMatchObject({ cancelRequested: true });
    expect(await view(runId)).toMatchObject({ status: 'running', waiting: { code: 'stopping' } });
    await claimed.say(anEvent(runId, 'run.cancelled', { attempt: 1 }, at(clock.nowMs)));
    expect(await view(runId)).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      error: null,
    });
  });

  it('have stopGraceSeconds to confirm a stop before the run is cancelled', async () => {
    const runId = await aRun('stops');
    await worker.say(anEvent(runId, 'run.started', { workerId: 'deaf', attempt: 1 }, at(clock.nowMs)));
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    await pass(20);
    expect((await view(runId)).status).toBe('running');
    await pass(1);
    const ended = await view(runId);
    expect(ended).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      error: { code: 'STOP_NOT_CONFIRMED', message: expect.stringContaining('20 s') },
    });
    await worker.say(anEvent(runId, 'run.completed', { newJobsCount: 5 }, at(clock.nowMs)));
    expect(await view(runId)).toEqual(ended);
    expect((await history(runId)).at(-1)).toBe('run.completed already-ended');
  });

  it('complete the run if they finished before the stop arrived', async () => {
    const runId = await aRun('stops');
    await worker.say(anEvent(runId, 'run.started', { workerId: 'quick', attempt: 1 }, at(clock.nowMs)));
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    await worker.say(anEvent(runId, 'run.completed', {}, at(clock.nowMs)));
    expect((await view(runId)).status).toBe('completed');
  });

  it('must report within claimTimeoutSeconds, or the run fails and a stop is sent', async () => {
    const runId = await aRun('hurries');
    await pass(60);
    expect(await view(runId)).toMatchObject({ status: 'running', waiting: { code: 'handed-out' } });
    await pass(1);
    expect(await view(runId)).toMatchObject({
      status: 'failed',
      statusReason: 'no-worker',
      error: {
        code: 'NO_WORKER',
        message: expect.stringMatching(/^No worker reported within 60 s .*may still/),
      },
    });
    expect((await history(runId)).at(-1)).toBe('run.cancel.requested applied');
    const taken = await aRun('hurries');
    await new HttpWorker(jobato).claimed({ projectIds: ['hurries'] });
    await worker.say(anEvent(taken, 'run.heartbeat', { workerId: 'x', attempt: 9 }, at(clock.nowMs)));
    expect((await history(taken)).at(-1)).toBe('run.heartbeat unknown-attempt');
    await worker.say(anEvent(taken, 'run.completed', {}, { ...at(clock.nowMs), eventId: randomUUID() }));
  });
});
