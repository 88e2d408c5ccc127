import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { toInstant } from '../src/clock/clock';
import { RedisEventStream } from '../src/events/redis-event-stream';
import { describeEventStream } from './event-stream.contract';
import { RedisServer } from './support/redis';

let redis: RedisServer;
let client: Redis;
beforeAll(async () => {
  redis = await RedisServer.start();
  client = redis.client();
});
afterAll(() => redis.end());

describeEventStream('event stream on Redis', async () => {
  const name = randomUUID();
  const open = () =>
    new RedisEventStream({ url: redis.url, eventsKey: `${name}:events`, logsKey: `${name}:logs` });
  let stream = open();
  return {
    stream,
    reopen: async () => {
      await stream.close();
      stream = open();
      return stream;
    },
    close: () => stream.close(),
    // The clock belongs to Redis and cannot be set.
    letPass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: async () => {
      const [seconds, microseconds] = await client.time();
      return toInstant(Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000));
    },
  };
});
