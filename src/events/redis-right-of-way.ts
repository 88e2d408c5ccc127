import type { Redis } from 'ioredis';
import type { RedisServers } from './redis-servers';

/** Longer than a restart of the original, which unregisters when it stops. */
const AWAY_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

/**
 * Keeps a restored installation off the stream while its original uses it. With the same groups, it would take events
 * and requests of the original. Its events wait in the outbox, as while Redis is unavailable.
 */
export class RedisRightOfWay {
  private lookedAtMs = -Infinity;
  private seenAtMs = -Infinity;

  constructor(
    private readonly servers: RedisServers,
    private readonly originalId: string,
  ) {}

  /** Why the stream must not be used; null if it may be, as of the last look. */
  get trouble(): string | null {
    return performance.now() - this.seenAtMs < AWAY_MS
      ? `the installation that this one was restored from uses the stream, or did within ${AWAY_MS / 1000} s`
      : null;
  }

  /** @throws Error while the original uses the stream */
  async assertFree(redis: Redis): Promise<void> {
    if (performance.now() - this.lookedAtMs >= LOOK_EVERY_MS) {
      const isThere = await this.servers.has(redis, this.originalId);
      this.lookedAtMs = performance.now();
      if (isThere) this.seenAtMs = this.lookedAtMs;
    }
    if (this.trouble !== null) throw new Error(this.trouble);
  }
}
