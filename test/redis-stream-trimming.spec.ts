import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { toInstant } from '../src/clock/clock';
import { API_GROUP, WORKER_GROUP } from '../src/events/event-stream';
import { RedisEventStream } from '../src/events/redis-event-stream';
import type { StreamFields } from '../src/events/run-event';
import { RedisServer } from './support/redis';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STRANGERS = 'strangers';

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await RedisServer.start();
  redis = server.client();
});
afterAll(() => server.end());

let keys: { events: string; logs: string };
let stream: RedisEventStream;
beforeEach(() => {
  const name = randomUUID();
  keys = { events: `${name}:events`, logs: `${name}:logs` };
  stream = new RedisEventStream({ url: server.url, eventsKey: keys.events, logsKey: keys.logs });
});
afterEach(() => stream.close());

const anEntry = (eventType: string): StreamFields => ({
  eventId: randomUUID(),
  eventType,
  eventVersion: '1',
  occurredAt: '2026-03-01T10:00:00.000Z',
  runId: randomUUID(),
  payload: '{}',
});
/** Adds an entry with an earlier publication time. */
const addOld = (key: string, ageMs: number, eventType = 'run.progress') =>
  redis.xadd(key, `${Date.now() - ageMs}-1`, ...Object.entries(anEntry(eventType)).flat());
const ago = (ms: number) => toInstant(Date.now() - ms);
const read = (group: string, consumer = 'one') => stream.read(group, consumer, { count: 1000, waitMs: 0 });
const finish = async (group: string, consumer = 'one') => {
  const entries = await read(group, consumer);
  await stream.acknowledge(
    group,
    entries.map(({ id }) => id),
  );
};
/** Waits until all consumers of the group were idle for this time, by Redis' own clock, which cannot be set. */
const QUIET_MS = 20;
const untilQuiet = async (group: string) => {
  for (;;) {
    const consumers = (await stream.groups()).find(({ name }) => name === group)?.consumers ?? [];
    if (consumers.every(({ idleMs }) => idleMs > 3 * QUIET_MS)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const consumersOf = async (group: string) =>
  (await stream.groups()).find(({ name }) => name === group)!.consumers.map(({ name }) => name);

describe('trimming on Redis', () => {
  it.each([WORKER_GROUP, STRANGERS])('does not wait for %s once it has no active consumer', async (group) => {
    for (const each of [API_GROUP, group]) await stream.ensureGroup(each);
    await addOld(keys.events, DAY_MS);
    await read(group); // and never acknowledges
    await finish(API_GROUP);
    expect(await stream.trim(ago(HOUR_MS))).toBe(0);
    await untilQuiet(group);
    expect(await stream.trim(ago(QUIET_MS))).toBe(1);
  });

  it('waits for the group that applies events, even without active consumers', async () => {
    await stream.ensureGroup(API_GROUP);
    await addOld(keys.events, DAY_MS);
    await read(API_GROUP);
    await untilQuiet(API_GROUP);
    expect(await stream.trim(ago(QUIET_MS))).toBe(0);
  });

  it('does not wait for a group without consumers and with an old position', async () => {
    await stream.ensureGroup(API_GROUP);
    const place = await addOld(keys.events, 3 * DAY_MS);
    await addOld(keys.events, 2 * DAY_MS);
    await addOld(keys.events, 0);
    await redis.xgroup('CREATE', keys.events, STRANGERS, place!);
    await finish(API_GROUP);
    expect(await stream.trim(ago(4 * DAY_MS))).toBe(0);
    expect(await stream.trim(ago(DAY_MS))).toBe(2);
  });

  it('waits for a group at position 0 as if it was active when first seen', async () => {
    for (const each of [API_GROUP, STRANGERS]) await stream.ensureGroup(each);
    await addOld(keys.events, DAY_MS);
    await finish(API_GROUP);
    expect(await stream.trim(ago(QUIET_MS))).toBe(0);
    await untilQuiet(API_GROUP);
    expect(await stream.trim(ago(HOUR_MS))).toBe(0);
    expect(await stream.trim(ago(QUIET_MS))).toBe(1);
  });

  it('keeps applied log lines for an hour, regardless of the retention', async () => {
    await stream.ensureGroup(API_GROUP);
    await addOld(keys.events, 2 * HOUR_MS);
    await addOld(keys.logs, 3 * HOUR_MS, 'run.log');
    await addOld(keys.logs, 2 * HOUR_MS, 'run.log');
    const [first, second] = (await read(API_GROUP)).filter(({ id }) => id.startsWith('log:'));
    await addOld(keys.logs, HOUR_MS / 2, 'run.log');
    await finish(API_GROUP);
    await stream.acknowledge(API_GROUP, [first!.id]);
    expect(await stream.trim(ago(DAY_MS))).toBe(1);
    await stream.acknowledge(API_GROUP, [second!.id]);
    expect(await stream.trim(ago(DAY_MS))).toBe(1);
    expect(await redis.xlen(keys.logs)).toBe(1);
    expect(await redis.xlen(keys.events)).toBe(1);
  });

  it('keeps unapplied log lines for the retention', async () => {
    await addOld(keys.logs, 2 * HOUR_MS, 'run.log');
    expect(await stream.trim(ago(DAY_MS))).toBe(0);
  });

  it('removes idle consumers without pending entries from its own groups', async () => {
    for (const group of [API_GROUP, WORKER_GROUP, STRANGERS]) {
      await stream.ensureGroup(group);
      await redis.xgroup('CREATECONSUMER', keys.events, group, 'gone');
    }
    await addOld(keys.events, 0);
    await read(WORKER_GROUP, 'left-something');
    for (const group of [API_GROUP, WORKER_GROUP, STRANGERS]) await untilQuiet(group);
    await read(API_GROUP, 'here');
    await stream.trim(ago(HOUR_MS));
    expect(await consumersOf(API_GROUP)).toEqual(['gone', 'here']);
    await read(API_GROUP, 'here');
    await stream.trim(ago(QUIET_MS));
    expect(await consumersOf(API_GROUP)).toEqual(['here']);
    expect(await consumersOf(WORKER_GROUP)).toEqual(['left-something']);
    expect(await consumersOf(STRANGERS)).toEqual(['gone']);
  });
});
