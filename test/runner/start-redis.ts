import { RedisServer } from '../support/redis';

/** One Redis for all tests of a run; each application has streams of its own on it. `REDIS_URL` gives another one. */
export default async function startRedis(): Promise<void> {
  const given = process.env.REDIS_URL;
  const server = given === undefined ? await RedisServer.start() : null;
  process.env.JOBATO_TEST_REDIS_URL = given ?? server!.url;
  (globalThis as { jobatoTestRedis?: RedisServer | null }).jobatoTestRedis = server;
}
