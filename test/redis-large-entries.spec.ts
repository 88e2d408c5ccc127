import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { API_GROUP } from '../src/events/event-stream';
import { RedisEventStream } from '../src/events/redis-event-stream';
import type { StreamFields } from '../src/events/run-event';
import { RedisServer } from './support/redis';

const MEBIBYTE = 1024 * 1024;
const KEYS = { eventsKey: 'events', logsKey: 'logs' };

let server: RedisServer;
let redis: Redis;
let stream: RedisEventStream;
beforeEach(async () => {
  server = await RedisServer.start();
  redis = server.client();
  stream = new RedisEventStream({ url: server.url, ...KEYS });
  await stream.ensureGroup(API_GROUP);
});
afterEach(async () => {
  await stream.close();
  await server.end();
});

const anEntry = (eventType: string, characters = 2): StreamFields => ({
  eventId: randomUUID(),
  eventType,
  eventVersion: '1',
  occurredAt: '2026-03-01T10:00:00.000Z',
  runId: randomUUID(),
  payload: 'x'.repeat(characters),
});
const takeOver = (count: number) => stream.takeOver(API_GROUP, 'two', { idleMs: 0, count });
const deliveriesOf = async (key: string) =>
  ((await redis.xpending(key, API_GROUP, '-', '+', 1000)) as [string, string, number, number][]).map(
    ([, , , times]) => times,
  );
const callsOf = async (command: string) =>
  Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await redis.info('commandstats'))?.[1] ?? 0);

describe('takeOver on Redis', () => {
  it('claims only what it can return, and counts no delivery of the rest', async () => {
    for (let index = 0; index < 40; index++) await stream.publish([anEntry('run.progress', MEBIBYTE)]);
    await redis.xreadgroup('GROUP', API_GROUP, 'one', 'STREAMS', KEYS.eventsKey, '>');
    const taken = await takeOver(500);
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThan(40);
    expect((await deliveriesOf(KEYS.eventsKey)).filter((times) => times === 2)).toHaveLength(taken.length);
  });

  it('claims no events if pending log lines reach the requested number', async () => {
    await stream.publish([...Array.from({ length: 5 }, () => anEntry('run.log')), anEntry('run.completed')]);
    await stream.read(API_GROUP, 'one', { count: 10, waitMs: 0 });
    expect((await takeOver(5)).map(({ fields }) => fields.eventType)).toEqual(Array(5).fill('run.log'));
    expect(await deliveriesOf(KEYS.eventsKey)).toEqual([1]);
  });
});

it('computes the lag without reading the whole stream if Redis cannot', async () => {
  // In portions: on a busy machine, 300 at once can exceed the time limit of one command.
  for (let portion = 0; portion < 15; portion++)
    await stream.publish(Array.from({ length: 20 }, () => anEntry('run.progress')));
  const [[third]] = (await redis.xrange(KEYS.eventsKey, '-', '+', 'COUNT', 1)) as [[string, string[]]];
  await redis.xgroup('SETID', KEYS.eventsKey, API_GROUP, third);
  await redis.xdel(KEYS.eventsKey, (await redis.xrevrange(KEYS.eventsKey, '+', '-', 'COUNT', 9))[8]![0]);
  const [group] = await stream.groups();
  expect(group!.lag).toBe(100);
});

it('asks for the end of the stream only while no entries arrive', async () => {
  let received = 0;
  let onReceived = () => undefined as void;
  const following = await stream.follow(() => {
    received++;
    onReceived();
  });
  const before = await callsOf('xinfo\\|stream');
  for (let count = 1; count <= 10; count++) {
    const arrived = new Promise<void>((resolve) => (onReceived = resolve));
    await stream.publish([anEntry('run.progress')]);
    await arrived;
    expect(received).toBe(count);
  }
  expect((await callsOf('xinfo\\|stream')) - before).toBe(0);
  await following.stop();
});
