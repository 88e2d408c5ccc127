import type { Redis } from 'ioredis';
import { API_GROUP, type ConsumerState, WORKER_GROUP } from './event-stream';
import { compareIds, next } from './redis-entries';
import { consumersOf, type GroupInfo, groupsOf } from './redis-info';

const OWN_GROUPS = [API_GROUP, WORKER_GROUP];
const NEVER_READ = '0-0';
/**
 * Applied lines are in the database. A worker checks that its lines are still on the stream before it publishes the
 * final event.
 */
const KEEP_APPLIED_LOGS_MS = 60 * 60 * 1000;

/** Deletes entries, groups and consumers that are no longer needed. */
export class RedisTrimming {
  /** When groups without any consumer were first seen. Redis does not record when a group was created. */
  private readonly firstSeenMs = new Map<string, number>();

  constructor(
    private readonly eventsKey: string,
    private readonly logsKey: string,
  ) {}

  /** @returns how many entries were deleted */
  async trim(redis: Redis, beforeMs: number): Promise<number> {
    const [seconds, microseconds] = await redis.time();
    const nowMs = Number(seconds) * 1000 + Number(microseconds) / 1000;
    let trimmed = 0;
    for (const key of [this.eventsKey, this.logsKey]) {
      const groups = await groupsOf(redis, key);
      let floor = `${this.keptFromMs(key, groups, beforeMs, nowMs)}-0`;
      for (const group of groups) {
        const consumers = await consumersOf(redis, key, group.name);
        if (!this.isForgotten(key, group, consumers, beforeMs, nowMs)) {
          const unfinished = await firstUnfinished(redis, key, group);
          if (compareIds(unfinished, floor) < 0) floor = unfinished;
        }
        await this.dropGone(redis, key, group, consumers, nowMs - beforeMs);
      }
      trimmed += Number(await redis.xtrim(key, 'MINID', floor));
    }
    return trimmed;
  }

  private keptFromMs(key: string, groups: GroupInfo[], beforeMs: number, nowMs: number): number {
    const isApplied = key === this.logsKey && groups.some(({ name }) => name === API_GROUP);
    return Math.max(0, beforeMs, isApplied ? Math.floor(nowMs - KEEP_APPLIED_LOGS_MS) : 0);
  }

  /**
   * Whether a group was inactive for as long as entries are kept: it must not retain entries forever. Requests of
   * unclaimed runs that it misses are published again. The group that applies events never counts as inactive.
   */
  private isForgotten(
    key: string,
    { name, lastDeliveredId }: GroupInfo,
    consumers: ConsumerState[],
    beforeMs: number,
    nowMs: number,
  ): boolean {
    const seenAs = JSON.stringify([key, name]);
    const isUntouched = consumers.length === 0 && lastDeliveredId === NEVER_READ;
    if (!isUntouched) this.firstSeenMs.delete(seenAs);
    else if (!this.firstSeenMs.has(seenAs)) this.firstSeenMs.set(seenAs, nowMs);
    if (name === API_GROUP || beforeMs >= nowMs) return false;
    if (isUntouched) return this.firstSeenMs.get(seenAs)! < beforeMs;
    if (consumers.length > 0) return consumers.every(({ idleMs }) => idleMs > nowMs - beforeMs);
    return compareIds(lastDeliveredId, `${beforeMs}-0`) < 0;
  }

  /**
   * Deletes idle consumers of Jobato's own groups: each process reads under a new name. Consumers of other groups
   * stay.
   */
  private async dropGone(
    redis: Redis,
    key: string,
    { name: group }: GroupInfo,
    consumers: ConsumerState[],
    afterMs: number,
  ): Promise<void> {
    if (!OWN_GROUPS.includes(group) || afterMs <= 0) return;
    for (const { name, pending, idleMs } of consumers) {
      if (pending === 0 && idleMs > afterMs) await redis.xgroup('DELCONSUMER', key, group, name);
    }
  }
}

async function firstUnfinished(
  redis: Redis,
  key: string,
  { name, pending, lastDeliveredId }: GroupInfo,
): Promise<string> {
  const undelivered = next(lastDeliveredId);
  if (pending === 0) return undelivered;
  const [, first] = (await redis.xpending(key, name)) as [number, string | null];
  return first ?? undelivered;
}
