import type { Redis } from 'ioredis';

/** A killed server is removed after this time. */
const EXPIRES_AFTER_MS = 30_000;

/** Limits, because other clients of this Redis can write to the set. */
const MAX_SERVERS = 100;
const MAX_NAMED = 10;
const MAX_NAME_LENGTH = 100;

/** The servers that apply the events of a stream. Stored in a sorted set next to it, scored by last registration. */
export class RedisServers {
  private readonly key: string;

  constructor(eventsKey: string) {
    this.key = `${eventsKey}:servers`;
  }

  /** @returns the names of servers that have another database */
  async register(redis: Redis, installationId: string, nodeId: string): Promise<string[]> {
    // Uses the clock of Redis, because the clocks of the servers may differ.
    const [seconds, microseconds] = await redis.time();
    const nowMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
    await redis.zadd(this.key, nowMs, memberOf(installationId, nodeId));
    await redis.zremrangebyscore(this.key, '-inf', nowMs - EXPIRES_AFTER_MS);
    await redis.pexpire(this.key, EXPIRES_AFTER_MS);
    const members = await redis.zrange(this.key, 0, MAX_SERVERS - 1);
    return members
      .map((member) => member.split(' '))
      .flatMap(([id, name]) =>
        id === installationId || name === undefined ? [] : [name.slice(0, MAX_NAME_LENGTH)],
      )
      .sort()
      .slice(0, MAX_NAMED);
  }

  /** Returns whether a server of this installation is registered. */
  async has(redis: Redis, installationId: string): Promise<boolean> {
    const members = await redis.zrange(this.key, 0, MAX_SERVERS - 1);
    return members.some((member) => member.startsWith(`${installationId} `));
  }

  async unregister(redis: Redis, installationId: string, nodeId: string): Promise<void> {
    await redis.zrem(this.key, memberOf(installationId, nodeId));
  }
}

function memberOf(installationId: string, nodeId: string): string {
  return `${installationId} ${nodeId}`;
}
