import { RedisEventStream } from '../src/events/redis-event-stream';
import { StreamMonitor } from '../src/events/stream-monitor';
import type { HealthReport } from '../src/health/health.service';
import { RedisServer } from './support/redis';
import { nodeStep, RunningApp } from './support/jobato';
import { until } from './support/until';

const KEYS = { eventsKey: 'shared:run-events', logsKey: 'shared:run-logs' };

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.end());

it('registering a server returns servers of other databases and drops silent ones', async () => {
  const stream = new RedisEventStream({ url: redis.url, ...KEYS });
  try {
    expect(await stream.register('one', 'node-a')).toEqual([]);
    expect(await stream.register('one', 'node-b')).toEqual([]);
    expect(await stream.register('two', 'node-c')).toEqual(['node-a', 'node-b']);
    expect(await stream.register('one', 'node-a')).toEqual(['node-c']);
    await stream.unregister('two', 'node-c');
    expect(await stream.register('one', 'node-a')).toEqual([]);

    const client = redis.client();
    await client.zadd('shared:run-events:servers', Date.now() - 31_000, 'three killed');
    await client.zadd('shared:run-events:servers', Date.now() - 20_000, 'four slow');
    expect(await stream.register('one', 'node-a')).toEqual(['slow']);
    expect(await client.pttl('shared:run-events:servers')).toBeGreaterThan(0);
  } finally {
    await stream.close();
  }
});

it('another installation on the stream is reported on pages and in health until it stops', async () => {
  const environment = { REDIS_URL: redis.url, RUN_EVENTS_STREAM: 'both:run-events' };
  const first = await RunningApp.start({ talks: nodeStep('talks', '0') }, environment);
  const second = await RunningApp.start({ talks: nodeStep('talks', '0') }, environment);
  const strangersOf = (app: RunningApp) => app.app.get(StreamMonitor).foreignServers.length;
  const health = async (app: RunningApp) => {
    const response = await app.fetch('/api/health');
    return { code: response.status, report: (await response.json()) as HealthReport };
  };
  try {
    await until(() => strangersOf(first) > 0 && strangersOf(second) > 0);
    for (const app of [first, second]) {
      const { code, report } = await health(app);
      expect(code).toBe(503);
      expect(report.dependencies.events).toMatchObject({
        status: 'trouble',
        message: expect.stringMatching(
          /^Another Jobato installation uses this event stream: .*RUN_EVENTS_STREAM/,
        ),
      });
      expect(await (await app.fetch('/workers')).text()).toContain('Another Jobato installation uses this');
      expect((await app.fetch('/api/health/ready')).status).toBe(200);
    }
  } finally {
    await second.stop();
  }
  try {
    await until(() => strangersOf(first) === 0);
    expect((await health(first)).code).toBe(200);
    expect(await (await first.fetch('/workers')).text()).not.toContain('Another Jobato installation');
  } finally {
    await first.stop();
  }
});

it('a killed server on the same database is not reported as another installation', async () => {
  const environment = { REDIS_URL: redis.url, RUN_EVENTS_STREAM: 'again:run-events' };
  const first = await RunningApp.start({ talks: nodeStep('talks', '0') }, environment);
  try {
    const registered = async () => redis.client().zrange('again:run-events:servers', 0, -1);
    const monitor = first.app.get(StreamMonitor);
    await monitor['register']();
    const [member] = await registered();
    // A killed node on the same database.
    await redis
      .client()
      .zadd('again:run-events:servers', Date.now(), `${member!.split(' ')[0]} another-node`);
    await monitor['register']();
    expect(monitor.foreignServers).toEqual([]);
  } finally {
    await first.stop();
  }
});
