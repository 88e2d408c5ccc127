import type { RedisServer } from './redis';

export default async function stopRedis(): Promise<void> {
  await (globalThis as { jobatoTestRedis?: RedisServer | null }).jobatoTestRedis?.end();
}
