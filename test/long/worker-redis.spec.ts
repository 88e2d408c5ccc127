import { RedisServer } from '../support/redis';
import { eventually, flawsOf, logOf, within } from '../support/crash';
import { describeWorker, Installation } from '../worker.contract';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.end());

const environment = () => ({ REDIS_URL: redis.url, RUN_EVENTS_STREAM: 'ml:run-events' });

describeWorker('Redis', environment);

describe('worker process with a failing Redis', () => {
  let all: Installation;
  beforeAll(async () => {
    all = new Installation(environment);
    await all.startServer();
    await all.startWorker();
  });
  afterAll(() => all.clear());

  /** Runs `counts` during a fault of Redis, and checks that every line is stored exactly once. */
  async function nothingIsLost(happening: (runId: string) => Promise<void>): Promise<void> {
    const { runId } = await all.server.trigger('counts');
    await all.server.untilLogged(runId, 'line 20"');
    await happening(runId);
    const run = await within(25_000, 'the end', all.server.untilEnded(runId));
    expect(run).toMatchObject({ status: 'completed', attempt: 1 });
    const expected = Array.from({ length: 150 }, (_, index) => `line ${index + 1}`);
    await eventually('the whole log', async () => (await logOf(all.server, runId)).length >= 150);
    // Lost lines that are sent again are stored later than written.
    expect((await logOf(all.server, runId)).sort()).toEqual(expected.sort());
    expect(flawsOf(all.folders)).toEqual([]);
  }

  it('loses nothing if Redis is killed without persistence', () =>
    nothingIsLost(async () => {
      await redis.kill();
      await redis.restart();
    }));

  it('reports the end of the run when Redis is back', () =>
    nothingIsLost(async () => {
      await redis.kill();
      await all.workers[0]!.says(/(Reporting the quota usage .*|Storing log lines) failed/);
      await redis.restart();
    }));

  it.each([
    ['in the middle', 'ml:run-logs', 'line 60"'],
    ['at the end', 'ml:run-events', 'run.completed'],
  ])('sends again what Redis lost before the server read it, %s', (_, key, text) =>
    nothingIsLost(async (runId) => {
      all.server.child.kill('SIGSTOP');
      try {
        const client = redis.client();
        await eventually(`${text} on ${key}`, async () => {
          const entries = await client.xrevrange(key, '+', '-', 'COUNT', 100);
          const ofRun = entries.filter(([, fields]) => fields.includes(runId));
          return JSON.stringify(ofRun).replaceAll('\\', '').includes(text);
        });
        await redis.kill();
        await redis.restart();
      } finally {
        all.server.child.kill('SIGCONT');
      }
    }),
  );

  it('reports the end of the run after the stream was flushed', () =>
    nothingIsLost(async () => {
      await redis.client().flushall();
    }));

  it('loses nothing if the stream is flushed before the server reads it', () =>
    nothingIsLost(async (runId) => {
      all.server.child.kill('SIGSTOP');
      try {
        const client = redis.client();
        const has = async (key: string, text: string) => {
          const entries = await client.xrevrange(key, '+', '-', 'COUNT', 100);
          const ofRun = entries.filter(([, fields]) => fields.includes(runId));
          return JSON.stringify(ofRun).replaceAll('\\', '').includes(text);
        };
        await eventually('line 60', () => has('ml:run-logs', 'line 60"'));
        await client.flushall();
        await eventually('the end', () => has('ml:run-events', 'run.completed'));
      } finally {
        all.server.child.kill('SIGCONT');
      }
    }));

  it('stops a run while Redis is down', async () => {
    const { runId } = await all.server.trigger('polite');
    await all.server.untilLogged(runId, 'ready');
    await redis.kill();
    try {
      expect((await all.stop(runId)).status).toBe(202);
      await eventually('the step to end', () => all.living().length === 0);
    } finally {
      await redis.restart();
    }
    expect(await within(20_000, 'the end', all.server.untilEnded(runId))).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
    });
  });
});
