import type { RedisServer } from '../support/redis';

export default async function stopRedis(): Promise<void> {
  await (globalThis as { jobatoTestRedis?: RedisServer | null }).jobatoTestRedis?.end();
}
