import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { Redis } from 'ioredis';
import { Clock } from '../../src/clock/clock';
import { Database } from '../../src/database/database';
import { API_GROUP, WORKER_GROUP } from '../../src/events/event-stream';
import { Housekeeping } from '../../src/runs/housekeeping';
import { OverdueWatch } from '../../src/workers/overdue-watch';
import { RunRepository } from '../../src/runs/run.repository';
import type { RunView } from '../../src/runs/run-view';
import { eventually, flawsOf, within } from '../support/crash';
import { type Folders, nodeStep, RunningApp } from '../support/jobato';
import { RedisServer } from '../support/redis';
import { SwallowingProxy } from '../support/swallowing-proxy';

/** The limit for recovery from a fault: all backlogs drain within this time, without a restart. */
const DRAINS_WITHIN_MS = 60_000;
const PROJECTS = {
  outside: 'id: outside\nexecutor: external\n',
  other: 'id: other\nexecutor: external\n',
  hurries: 'id: hurries\nexecutor: external\nclaimTimeoutSeconds: 1\n',
  steps: nodeStep('steps', "console.log('line 1')"),
  // Ends when the test creates a file next to the data folder.
  waits: nodeStep(
    'waits',
    "const { JOBATO_WORK_DIR: d } = process.env; const fs = require('fs'); setInterval(() => fs.existsSync(d + '/../../../go') && process.exit(0), 10)",
  ),
};

let server: RedisServer;
let redis: Redis;
let jobato: RunningApp;
const keys = { events: 'ml:run-events', logs: 'ml:run-logs' };

/** @param on folders of an earlier life */
async function start(more: Record<string, string> = {}, on?: Folders): Promise<void> {
  jobato = await RunningApp.start(on ?? PROJECTS, { REDIS_URL: server.url, ...more });
}
const startAgain = () => start({}, jobato.folders);
beforeEach(async () => {
  server = await RedisServer.start();
  redis = server.client();
});
afterEach(async () => {
  expect(flawsOf(jobato.folders)).toEqual([]);
  if (server.isAlive) server.resume();
  await jobato.stop();
  await server.end();
});

const fieldsOf = (runId: string, eventType: string, payload: object) =>
  Object.entries({
    eventId: randomUUID(),
    eventType,
    eventVersion: '1',
    occurredAt: new Date().toISOString(),
    runId,
    payload: JSON.stringify(payload),
  }).flat();
const complete = (runId: string, payload: object = {}) =>
  redis.xadd(keys.events, '*', ...fieldsOf(runId, 'run.completed', payload));
const get = async (runId: string) => (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as RunView;
const health = async () => {
  const response = await jobato.fetch('/api/health');
  const { dependencies } = (await response.json()) as { dependencies: Record<string, { message: string }> };
  return { status: response.status, message: dependencies.events!.message };
};
const untilTrouble = () => eventually('health to notice', async () => (await health()).status === 503);
const untilWell = () => eventually('health to recover', async () => (await health()).status === 200);
const untilCompleted = (runId: string) =>
  within(
    DRAINS_WITHIN_MS,
    `the end of ${runId}`,
    jobato.until(runId, (run) => run.status === 'completed'),
  );
/** Returns the requests of a run on the stream. */
const requestsOf = async (runId: string) =>
  (await redis.xrange(keys.events, '-', '+')).filter(
    ([, fields]) => fields.includes('run.requested') && fields.includes(runId),
  );
const untilRequestedOnStream = (runId: string) =>
  eventually('the request on the stream', async () => (await requestsOf(runId)).length > 0);

describe('server while Redis is down', () => {
  it('accepts runs at once, shows why they wait, and executes them when Redis is back', async () => {
    await start();
    await server.kill();
    await untilTrouble();
    await eventually('the reason', async () =>
      /^Redis is unavailable: .*ECONNREFUSED/.test((await health()).message),
    );

    const startedAt = performance.now();
    const { runId } = await jobato.trigger('steps');
    // Not a benchmark: the call does not wait for a Redis timeout.
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect((await get(runId)).waiting?.code).toBe('not-yet-published');
    expect((await jobato.fetch('/projects/steps')).status).toBe(200);
    expect((await jobato.fetch('/api/workers')).status).toBe(200);
    expect((await jobato.fetch('/api/health/ready')).status).toBe(200);

    await server.restart(); // without its data: the groups are gone too
    await untilCompleted(runId);
    await untilWell();
  });

  it('starts and continues when Redis is up', async () => {
    await server.kill();
    await start();
    const { runId } = await jobato.trigger('steps');
    await untilTrouble();
    await server.restart();
    await untilCompleted(runId);
  });

  it('completes a running run and publishes its end later', async () => {
    await start();
    const { runId } = await jobato.trigger('waits');
    await jobato.until(runId, ({ steps }) => steps[0]!.status === 'running');
    await server.kill();
    await untilTrouble();
    writeFileSync(join(jobato.folders.root, 'go'), '');
    await untilCompleted(runId);
    await server.restart();
    await eventually('the end on the stream', async () =>
      (await redis.xrange(keys.events, '-', '+')).some(
        ([, fields]) => fields.includes('run.completed') && fields.includes(runId),
      ),
    );
    const { items } = (await (await jobato.fetch(`/api/runs/${runId}/events`)).json()) as {
      items: { eventType: string }[];
    };
    expect(items.filter(({ eventType }) => eventType === 'run.completed')).toHaveLength(1);
  });

  it('fails no unpublished run for a missing worker', async () => {
    await start();
    await server.kill();
    await untilTrouble();
    const watch = jobato.app.get(OverdueWatch);
    // The watch first sees the run after its time limit, as on a busy machine.
    const looks = jest.spyOn(watch as unknown as { checkUnlessChecking(): void }, 'checkUnlessChecking');
    looks.mockReturnValue();
    const { runId } = await jobato.trigger('hurries');
    await eventually('the end of its patience', async () => {
      const run = await jobato.app.get(RunRepository).find(runId);
      return new Date().toISOString() > run!.claimBy!;
    });
    await watch.check();
    expect(await get(runId)).toMatchObject({ status: 'running', waiting: { code: 'not-yet-published' } });
    looks.mockRestore();
    await server.restart();
    await untilRequestedOnStream(runId);
    await complete(runId);
    await untilCompleted(runId);
  });

  it('keeps runs of workers whose heartbeats cannot arrive', async () => {
    await start();
    const { runId } = await jobato.trigger('outside');
    const says = (eventType: string, payload: object) =>
      redis.xadd(keys.events, '*', ...fieldsOf(runId, eventType, payload));
    await says('run.started', { workerId: 'w', attempt: 1, leaseSeconds: 1 });
    const { leaseExpiresAt } = await jobato.until(runId, (run) => run.leaseExpiresAt !== null);
    await server.kill();
    await untilTrouble();
    await eventually('the end of the lease', () => new Date().toISOString() > leaseExpiresAt!);
    await jobato.app.get(OverdueWatch).check();
    expect(await get(runId)).toMatchObject({ status: 'running', attempt: 1 });
    await server.restart();
    await untilWell();
    await jobato.app.get(OverdueWatch).check();
    await says('run.completed', { attempt: 1 });
    await untilCompleted(runId);
  });

  it('still deletes old rows from the database', async () => {
    await start();
    const post = () =>
      jobato.fetch('/api/projects/outside/runs', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'once' },
        body: '{}',
      });
    expect((await post()).status).toBe(201);
    await server.kill();
    await untilTrouble();
    const laterMs = 49 * 3_600_000;
    const clock = jobato.app.get(Clock);
    jest.spyOn(clock, 'nowMs').mockReturnValue(Date.now() + laterMs);
    jest.spyOn(clock, 'monotonicMs').mockReturnValue(clock.monotonicMs() + laterMs);
    await jobato.app.get(Housekeeping).tidy();
    jest.restoreAllMocks();
    const keys = await jobato.app.get(Database).read.query('SELECT * FROM idempotency_keys', []);
    expect(keys).toEqual([]);
  });

  it('shuts down cleanly', async () => {
    await start();
    await jobato.trigger('outside');
    await server.kill();
    await within(DRAINS_WITHIN_MS, 'the stop', jobato.app.close());
    await server.restart();
    await startAgain();
  });
});

it('a paused Redis delays no request, and pending runs continue after it', async () => {
  await start();
  const { runId: before } = await jobato.trigger('outside');
  await untilRequestedOnStream(before);
  server.pause();
  const { runId: during } = await jobato.trigger('other');
  await untilTrouble();
  await eventually('the reason', async () => (await health()).message.includes('no response'));
  expect((await get(during)).waiting?.code).toBe('not-yet-published');
  server.resume();
  await untilRequestedOnStream(during);
  await complete(before);
  await complete(during);
  await Promise.all([untilCompleted(before), untilCompleted(during)]);
  await untilWell();
});

it('a request with a lost reply is published again and executed once', async () => {
  const proxy = await SwallowingProxy.start(server.port);
  await start({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  try {
    proxy.swallowNextReplyTo('xadd');
    const { runId } = await jobato.trigger('steps');
    await untilCompleted(runId);
    // The run may complete before the relay tries again.
    await eventually('the second publication', async () => (await requestsOf(runId)).length >= 2);
    const requests = await requestsOf(runId);
    expect(new Set(requests.map(([, fields]) => fields[1])).size).toBe(1); // all with one eventId
    expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe('line 1\n');
  } finally {
    await proxy.stop();
  }
});

describe('entry lost from the stream', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['FLUSHALL', () => redis.flushall()],
    ['another client deletes the stream', () => redis.del(keys.events)],
    ['another client trims the stream', () => redis.xtrim(keys.events, 'MAXLEN', 0)],
    [
      'another client deletes the entry',
      async () => redis.xdel(keys.events, ...(await redis.xrange(keys.events, '-', '+')).map(([id]) => id)),
    ],
  ])('is published again after %s', async (_what, lose) => {
    await start();
    const { runId } = await jobato.trigger('outside');
    await untilRequestedOnStream(runId);
    await lose();
    expect(await requestsOf(runId)).toEqual([]);
    await untilRequestedOnStream(runId);
    await complete(runId);
    await untilCompleted(runId);
  });

  it('is not published again while it exists', async () => {
    await start({ WORKER: 'off' });
    const { runId } = await jobato.trigger('steps');
    await untilRequestedOnStream(runId);
    // The check that republishes the other run has also covered this one.
    const { runId: lost } = await jobato.trigger('outside');
    await untilRequestedOnStream(lost);
    await redis.xdel(keys.events, ...(await requestsOf(lost)).map(([id]) => id));
    await untilRequestedOnStream(lost);
    expect(await requestsOf(runId)).toHaveLength(1);
  });

  it('is published again if its consumer was deleted after delivery', async () => {
    await start({ WORKER: 'off' });
    await redis.xgroup('CREATE', keys.events, WORKER_GROUP, '0', 'MKSTREAM');
    const { runId } = await jobato.trigger('steps');
    await untilRequestedOnStream(runId);
    await redis.xreadgroup('GROUP', WORKER_GROUP, 'ghost', 'STREAMS', keys.events, '>');
    await redis.xgroup('DELCONSUMER', keys.events, WORKER_GROUP, 'ghost');
    await eventually('a second request', async () => (await requestsOf(runId)).length === 2);
  });

  it('is applied if its consumer was deleted while the database was locked', async () => {
    await start();
    const [known, { runId }] = [await jobato.trigger('other'), await jobato.trigger('outside')];
    await complete(known.runId);
    await untilCompleted(known.runId);
    const other = new BetterSqlite3(join(jobato.folders.dataDir, 'db', 'jobato.db'));
    other.exec('BEGIN EXCLUSIVE');
    await complete(runId);
    const isRefused = async () => (await health()).message.includes('Applying events failed');
    await eventually('the event to be refused', isRefused, 60_000);
    const consumers = (await redis.xinfo('CONSUMERS', keys.events, API_GROUP)) as string[][];
    for (const [, name] of consumers) await redis.xgroup('DELCONSUMER', keys.events, API_GROUP, name!);
    other.exec('ROLLBACK');
    other.close();
    await eventually('the end', async () => (await get(runId)).status === 'completed', 60_000);
  });

  it('is applied if it was delivered to a deleted consumer', async () => {
    await start();
    const [known, late] = [await jobato.trigger('outside'), await jobato.trigger('other')];
    await complete(known.runId);
    await untilCompleted(known.runId);
    await jobato.app.close();

    await complete(late.runId);
    await redis.xreadgroup('GROUP', API_GROUP, 'ghost', 'STREAMS', keys.events, '>');
    await redis.xgroup('DELCONSUMER', keys.events, API_GROUP, 'ghost');
    await startAgain();
    await untilCompleted(late.runId);
  });
});

describe('consumer group', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['was destroyed', () => redis.xgroup('DESTROY', keys.events, API_GROUP)],
    [
      'was destroyed for logs as well',
      async () => {
        await redis.xgroup('DESTROY', keys.logs, API_GROUP);
        await redis.xgroup('DESTROY', keys.events, API_GROUP);
      },
    ],
    ['was deleted with its stream during a read', () => redis.del(keys.events, keys.logs)],
    ['is ahead of its stream', () => redis.xgroup('SETID', keys.events, API_GROUP, '9999999999999-0')],
  ])('that %s is restored', async (_what, harm) => {
    await start();
    const { runId } = await jobato.trigger('outside');
    await untilRequestedOnStream(runId);
    await harm();
    await complete(runId, { newJobsCount: 3 });
    expect(await untilCompleted(runId)).toMatchObject({ metrics: { newJobsCount: 3 } });
  });

  it('takes over entries of a dead consumer even if some were trimmed', async () => {
    await start();
    const [first, second] = [await jobato.trigger('outside'), await jobato.trigger('other')];
    await Promise.all([untilRequestedOnStream(first.runId), untilRequestedOnStream(second.runId)]);
    await jobato.app.close();
    const trimmed = await complete(first.runId);
    await complete(second.runId);
    await redis.xreadgroup('GROUP', API_GROUP, 'dead', 'STREAMS', keys.events, '>');
    await redis.xdel(keys.events, trimmed!);
    await startAgain();
    await untilCompleted(second.runId);
    await eventually('nothing pending', async () => {
      const [pending] = (await redis.xpending(keys.events, API_GROUP)) as [number];
      return pending === 0;
    });
  });
});

it('invalid entries are rejected while others apply', async () => {
  await start();
  const { runId } = await jobato.trigger('outside');
  await untilRequestedOnStream(runId);
  await redis.xadd(
    keys.events,
    '*',
    ...fieldsOf(runId, 'run.completed', { message: 'x'.repeat(5 * 1024 * 1024) }),
  );
  await redis.xadd(keys.events, '*', 'colour', 'red');
  await redis.xadd(keys.logs, '*', ...fieldsOf(randomUUID(), 'run.log', { lines: [] }));
  await complete(runId);
  await untilCompleted(runId);
  const rejected = async () =>
    ((await (await jobato.fetch('/api/events/rejected')).json()) as { items: { reason: string }[] }).items;
  await eventually('three on the list', async () => (await rejected()).length === 3);
  expect((await rejected()).map(({ reason }) => reason).sort()).toEqual([
    expect.stringMatching(/^eventId is not a UUID/),
    expect.stringMatching(/^payload is \d+ bytes/),
    'unknown runId',
  ]);
});

it('log lines are applied before an end that was sent after them', async () => {
  await start();
  const { runId } = await jobato.trigger('outside');
  await untilRequestedOnStream(runId);
  const COUNT = 3000;
  const pipeline = redis.pipeline();
  for (let n = 1; n <= COUNT; n++) {
    pipeline.xadd(keys.logs, '*', ...fieldsOf(runId, 'run.log', { lines: [{ n, text: `line ${n}` }] }));
  }
  pipeline.xadd(keys.events, '*', ...fieldsOf(runId, 'run.completed', {}));
  const stream = jobato.fetch(`/api/runs/${runId}/logs`, { headers: { accept: 'text/event-stream' } });
  await pipeline.exec();
  const text = await (await stream).text(); // until the end of the run
  expect(text).toContain(`event: end\ndata: {"status":"completed","lastSeq":${COUNT}}`);
});

it('the server waits while Redis loads its data', async () => {
  await server.end();
  server = await RedisServer.start({ persistent: true, more: ['--key-load-delay', '1000'] });
  redis = server.client();
  await start();
  const filling = redis.pipeline();
  for (let index = 0; index < 3000; index++) filling.set(`ballast:${index}`, 'x');
  await filling.exec();
  await server.kill();
  await untilTrouble();
  const loading = server.restart();
  const { runId } = await jobato.trigger('steps');
  await loading;
  await untilCompleted(runId);
});

it('a wrong Redis password is reported without its value, and the server recovers', async () => {
  await server.end();
  server = await RedisServer.start({ password: 'right' });
  redis = server.client();
  await start({ REDIS_URL: server.url.replace(':right@', ':wrong-secret@') });
  const { runId } = await jobato.trigger('steps');
  await untilTrouble();
  const { message } = await health();
  expect(message).toMatch(/WRONGPASS/);
  expect(message).not.toContain('wrong-secret');
  expect((await get(runId)).waiting?.code).toBe('not-yet-published');
  await redis.config('SET', 'requirepass', 'wrong-secret');
  await untilCompleted(runId);
});
