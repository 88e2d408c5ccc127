import type { Redis } from 'ioredis';
import { API_GROUP, type ConsumerState, WORKER_GROUP } from './event-stream';
import { compareIds, next } from './redis-entries';
import { consumersOf, type GroupInfo, groupsOf } from './redis-info';

const OWN_GROUPS = [API_GROUP, WORKER_GROUP];
const NEVER_READ = '0-0';
/** Lines that are applied lie in the database. Who said them looks whether they still lie here before it tells an end. */
const KEEP_APPLIED_LOGS_MS = 60 * 60 * 1000;

/** Lets go of entries and consumers that nobody needs any more. */
export class RedisTrimming {
  /** Groups that nobody was ever in, of which Redis cannot tell how old they are: when they were first seen. */
  private readonly firstSeenMs = new Map<string, number>();

  constructor(
    private readonly eventsKey: string,
    private readonly logsKey: string,
  ) {}

  /** @returns how many entries it deleted */
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
   * A group in which nobody was heard for as long as entries are kept: it must not keep everything for good. What it
   * misses of runs that nobody has taken is asked for again. Only the group that applies events is always waited for.
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

  /** Each life of a process reads under a name of its own. What strangers leave behind is theirs. */
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
