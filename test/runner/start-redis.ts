import { RedisServer } from '../support/redis';

/**
 * Starts one Redis for all tests of a run; each application has separate streams. `REDIS_URL` selects an existing
 * Redis.
 */
export default async function startRedis(): Promise<void> {
  const given = process.env.REDIS_URL;
  const server = given === undefined ? await RedisServer.start() : null;
  process.env.JOBATO_TEST_REDIS_URL = given ?? server!.url;
  (globalThis as { jobatoTestRedis?: RedisServer | null }).jobatoTestRedis = server;
}
