import { AppliedEventRepository } from '../src/events/applied-event.repository';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Clock } from '../src/clock/clock';
import { Database } from '../src/database/database';
import { EventStream } from '../src/events/event-stream';
import { signed } from '../src/events/lease-proof';
import { type RunEventMap, toStreamFields } from '../src/events/run-event';
import { LEASE_SECONDS } from '../src/runs/lease-times';
import { OverdueWatch } from '../src/workers/overdue-watch';
import type { Run } from '../src/runs/run';
import { RunClaims } from '../src/workers/run-claims';
import { WorkerReports } from '../src/workers/worker-reports';
import { RunRepository } from '../src/runs/run.repository';
import { RunsService } from '../src/runs/runs.service';
import { eventually, flawsOf, untilQuiet } from './support/crash';
import { makeFolders, nodeStep, RunningApp } from './support/jobato';
import { TurnedClock } from './support/turned-clock';

const PROJECTS = 200;

describe('concurrent and silent workers', () => {
  let jobato: RunningApp;
  let reports: WorkerReports;
  /** Lease tokens by run and attempt, which prove on a shared stream that the worker holds the run. */
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    const projects = Array.from({ length: PROJECTS }, (_, index): [string, string] => [
      `p${index}`,
      nodeStep(`p${index}`, '', 'retry: { maxAttempts: 2 }\n'),
    ]);
    jobato = await RunningApp.start(Object.fromEntries(projects), { WORKER: 'off' });
    reports = jobato.app.get(WorkerReports);
  });
  afterAll(() => jobato.stop());

  function say<Type extends keyof RunEventMap>(
    runId: string,
    eventType: Type,
    payload: RunEventMap[Type],
    eventId: string = randomUUID(),
  ): Promise<string[]> {
    const occurredAt = jobato.app.get(Clock).now();
    const event = { eventId, eventType, eventVersion: 1, occurredAt, runId, payload } as never;
    const attempt = 'attempt' in payload ? payload.attempt : 1;
    const token = tokens.get(`${runId} ${attempt}`) ?? null;
    return jobato.app.get(EventStream).publish([signed(toStreamFields(event), token)]);
  }

  async function claim(runId: string, workerId: string): Promise<Run | null> {
    const claimed = await jobato.app.get(RunClaims).claimForCaller(runId, workerId, randomUUID());
    if (claimed === null) return null;
    tokens.set(`${runId} ${claimed.attempt}`, claimed.leaseToken);
    const { secrets, ...run } = claimed;
    expect(secrets).toEqual({});
    return run;
  }

  /** Returns the events of a run with their outcomes, oldest first. */
  async function history(runId: string): Promise<string[]> {
    await untilQuiet(jobato.folders, ['jobato-api']);
    const { items } = await jobato.app.get(AppliedEventRepository).list(runId, 200);
    return items.map(({ eventType, outcome }) => `${eventType} ${outcome}`);
  }

  it('claim each of many runs exactly once', async () => {
    const runs = await Promise.all(
      Array.from({ length: PROJECTS }, (_, index) => jobato.trigger(`p${index}`)),
    );
    const claimed = await Promise.all(
      runs.flatMap(({ runId }) => ['one', 'other'].map((worker) => claim(runId, worker))),
    );
    const winners = claimed.flatMap((run) => run?.runId ?? []);
    expect(winners).toHaveLength(PROJECTS);
    expect(new Set(winners).size).toBe(PROJECTS);

    for (const { runId } of runs) await say(runId, 'run.completed', { attempt: 1 });
    await Promise.all(runs.map(({ runId }) => jobato.untilEnded(runId)));
  });

  it('lose the run when the lease expires, and their late events change nothing', async () => {
    const { runId } = await jobato.trigger('p0');
    await claim(runId, 'silent');
    await say(runId, 'run.started', { workerId: 'silent', attempt: 1, leaseSeconds: LEASE_SECONDS });

    await untilQuiet(jobato.folders, ['jobato-api']);
    try {
      await new TurnedClock(jobato).pass(LEASE_SECONDS + 1);
    } finally {
      jest.restoreAllMocks();
    }
    const passedOn = await jobato.until(runId, ({ attempt }) => attempt === 2);
    expect(passedOn).toMatchObject({ status: 'running', workerId: null });

    const next = await claim(runId, 'lively');
    expect(next?.attempt).toBe(2);
    await say(runId, 'run.heartbeat', { workerId: 'silent', attempt: 1, leaseSeconds: 9999 });
    await say(runId, 'run.progress', {
      attempt: 1,
      step: 'work',
      stepStatus: 'completed',
      metrics: { found: 1 },
    });
    await say(runId, 'run.log', { attempt: 1, lines: [{ text: 'from the grave' }] });
    await say(runId, 'run.failed', { attempt: 1, errorCode: 'LATE', message: 'too late' });
    await say(runId, 'run.completed', { attempt: 1 });
    const told = await history(runId);
    // On Redis, log lines use a separate stream, so their order relative to other events is undefined.
    const isOfLog = (text: string) => text.startsWith('run.log');
    expect(told.slice(-5).filter(isOfLog)).toEqual(['run.log stale-attempt']);
    expect(told.slice(-5).filter((text) => !isOfLog(text))).toEqual([
      'run.heartbeat stale-attempt',
      'run.progress stale-attempt',
      'run.failed stale-attempt',
      'run.completed stale-attempt',
    ]);
    expect(await reports.appendLog(runId, 1, [{ text: 'from the grave' }])).toEqual({ accepting: false });
    expect(await jobato.app.get(RunRepository).find(runId)).toEqual(next);
    expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe('');

    await say(runId, 'run.completed', { attempt: 2 });
    expect(await jobato.untilEnded(runId)).toMatchObject({ status: 'completed', attempt: 2, metrics: {} });
    await say(runId, 'run.failed', { attempt: 2, errorCode: 'LATE', message: 'after the end' });
    expect((await history(runId)).at(-1)).toBe('run.failed already-ended');
    expect(flawsOf(jobato.folders)).toEqual([]);
  });

  it('can deliver an event repeatedly, which applies once', async () => {
    const { runId } = await jobato.trigger('p1');
    const claimed = await claim(runId, 'repeats-itself');
    const eventId = randomUUID();
    const lines = [{ text: 'line 1' }, { text: 'line 2' }];
    for (let time = 0; time < 5; time++) await say(runId, 'run.log', { attempt: 1, lines }, eventId);
    await untilQuiet(jobato.folders, ['jobato-api']);
    expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe('line 1\nline 2\n');
    expect(claimed?.runId).toBe(runId);
    await say(runId, 'run.completed', {});
    await jobato.untilEnded(runId);
    expect(flawsOf(jobato.folders)).toEqual([]);
  });
});

describe('server after downtime', () => {
  const hello = { hello: nodeStep('hello', '', 'retry: { maxAttempts: 2 }\n') };

  it('gives remote workers one lease to report before it reassigns their runs', async () => {
    const folders = makeFolders(hello);
    let jobato = await RunningApp.start(folders, { WORKER: 'off' });
    const { runId } = await jobato.trigger('hello');
    await jobato.app.get(RunClaims).claimForEmbedded(runId, 'elsewhere');
    await jobato.stop();

    const awayMs = (LEASE_SECONDS + 1) * 1000;
    jest.spyOn(Clock.prototype, 'nowMs').mockImplementation(() => Date.now() + awayMs);
    try {
      jobato = await RunningApp.start(folders, { WORKER: 'off' });
      const clock = new TurnedClock(jobato, Date.now() + awayMs);
      await clock.pass(LEASE_SECONDS - 1);
      expect(await jobato.app.get(RunRepository).find(runId)).toMatchObject({
        attempt: 1,
        workerId: 'elsewhere',
      });
      await clock.pass(2);
      expect(await jobato.app.get(RunRepository).find(runId)).toMatchObject({ attempt: 2, workerId: null });
    } finally {
      jest.restoreAllMocks();
      await jobato.stop();
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});

describe('server with a locked database', () => {
  it('keeps the run of a worker whose lease expired during the lock', async () => {
    const projects = { hello: nodeStep('hello', ''), other: nodeStep('other', '') };
    const jobato = await RunningApp.start(projects, { WORKER: 'off' });
    const locking = new BetterSqlite3(join(jobato.folders.dataDir, 'db', 'jobato.db'));
    try {
      const watch = jobato.app.get(OverdueWatch);
      // Only the checks of this test: one of the watch's own could begin within the first second of the lock, which is
      // no outage yet, and end after it.
      jest
        .spyOn(watch as unknown as { checkUnlessChecking(): void }, 'checkUnlessChecking')
        .mockReturnValue();
      const { runId } = await jobato.trigger('hello');
      const lease = { type: 'claim', workerId: 'elsewhere', leaseSeconds: 1 } as const;
      expect((await jobato.app.get(RunsService).command(runId, lease))?.applied).toBe(true);
      await watch.check();

      locking.exec('BEGIN EXCLUSIVE');
      const database = jobato.app.get(Database);
      const write = jobato.trigger('other'); // waits for the lock
      await eventually('trouble, with the end of the lease', () => database.lastTroubleAtMs !== null);
      locking.exec('ROLLBACK');
      await write;
      await eventually('a database that can be written', () =>
        database.assertWritable().then(
          () => true,
          () => false,
        ),
      );
      await watch.check();
      expect(await jobato.app.get(RunRepository).find(runId)).toMatchObject({
        status: 'running',
        workerId: 'elsewhere',
      });
    } finally {
      locking.close();
      await jobato.stop();
    }
  });
});

describe('duplicate run request', () => {
  it('does not run the steps twice', async () => {
    const jobato = await RunningApp.start({
      hello: nodeStep('hello', "console.log('line ' + process.pid)", 'retry: { maxAttempts: 2 }\n'),
    });
    try {
      const { runId } = await jobato.trigger('hello');
      const payload = {
        projectId: 'hello',
        scope: 'full',
        steps: ['work'],
        definitionHash: '',
        params: {},
        attempt: 1,
      };
      const again = () =>
        toStreamFields({
          eventId: randomUUID(),
          eventType: 'run.requested',
          eventVersion: 1,
          occurredAt: new Date().toISOString(),
          runId,
          payload,
        });
      const stream = jobato.app.get(EventStream);
      await stream.publish([again(), again(), again()]);
      await jobato.untilEnded(runId);
      await stream.publish([again()]);
      expect(await jobato.app.get(RunsService).requestAgain([runId])).toBe(0);
      await untilQuiet(jobato.folders);
      expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toMatch(/^line \d+\n$/);
      expect(flawsOf(jobato.folders)).toEqual([]);
    } finally {
      await jobato.stop();
    }
  });
});
