import type { ChainableCommander, Redis } from 'ioredis';
import { Logger } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { API_GROUP, EventStream, type GroupState, type StreamEntry } from './event-stream';
import { RedisConnections } from './redis-connection';
import {
  compareIds,
  millisecondsOf,
  next,
  type RedisEntry,
  type StreamKey,
  toEntries,
} from './redis-entries';
import { RedisFollower } from './redis-follower';
import { MAX_WAIT_MS, RedisGroupReader } from './redis-group-reader';
import { consumersOf, groupsOf, lastIdOf } from './redis-info';
import { takeOverFrom } from './redis-take-over';
import { RedisRightOfWay } from './redis-right-of-way';
import { RedisServers } from './redis-servers';
import { RedisTrimming } from './redis-trimming';
import type { StreamFields } from './run-event';

/** Log events have a separate stream, so that the event stream stays small for its readers. */
const LOG_EVENT = 'run.log';
const BEGINNING = '0-0';
/** The second-highest possible id: XREADGROUP treats the highest one like `>`, as new entries. */
const LAST_ID = '18446744073709551615-18446744073709551614';
/** Entries may be large, and a reply must arrive before the command timeout. */
const BATCH = 64;
/** If Redis does not report the lag of a group, count at most this many: counting transfers whole entries. */
const MAX_COUNTED = 100;

/**
 * The event stream on Redis Streams, for several processes. It combines two streams: events, which every client may
 * read, and log lines, which only the API reads. Redis can lose entries through a restart without persistence, a
 * flush, or another client's XTRIM or XGROUP. The callers restore lost entries from the database, using
 * `deliveredSince` and `obtainable`.
 */
export class RedisEventStream extends EventStream {
  readonly isVolatile = true;
  readonly isShared = true;
  private readonly logger = new Logger(RedisEventStream.name);
  private readonly connections: RedisConnections;
  private readonly events: StreamKey;
  private readonly logs: StreamKey;
  private readonly readers = new Map<string, RedisGroupReader>();
  private readonly followers = new Set<RedisFollower>();
  private readonly trimming: RedisTrimming;
  private readonly servers: RedisServers;
  private readonly rightOfWay: RedisRightOfWay | null;
  private readonly closing = new AbortController();

  /** @param originalId of the installation that this one was restored from, which has precedence on the stream */
  constructor({
    url,
    eventsKey,
    logsKey,
    originalId = null,
  }: {
    url: string;
    eventsKey: string;
    logsKey: string;
    originalId?: string | null;
  }) {
    super();
    this.connections = new RedisConnections(url);
    this.events = { key: eventsKey, mark: '' };
    this.logs = { key: logsKey, mark: 'log:' };
    this.trimming = new RedisTrimming(eventsKey, logsKey);
    this.servers = new RedisServers(eventsKey);
    this.rightOfWay = originalId === null ? null : new RedisRightOfWay(this.servers, originalId);
  }

  override get isReserved(): boolean {
    return this.connections.trouble === null && this.rightOfWay !== null && this.rightOfWay.trouble !== null;
  }

  get trouble(): string | null {
    return this.connections.trouble ?? this.rightOfWay?.trouble ?? null;
  }

  get reconnects(): number {
    return this.connections.reconnects;
  }

  async publish(entries: StreamFields[]): Promise<string[]> {
    if (entries.length === 0) return [];
    const streams = entries.map(({ eventType }) => (eventType === LOG_EVENT ? this.logs : this.events));
    const ids = await this.pipelined<string>((pipeline) =>
      entries.forEach((fields, index) =>
        pipeline.xadd(streams[index]!.key, '*', ...Object.entries(fields).flat()),
      ),
    );
    return ids.map((id, index) => `${streams[index]!.mark}${id}`);
  }

  async ensureGroup(group: string): Promise<void> {
    const redis = await this.usable();
    for (const { key } of this.streamsOf(group)) {
      try {
        // From the first entry: `$` would skip entries published before the group was created.
        await redis.xgroup('CREATE', key, group, BEGINNING, 'MKSTREAM');
        this.logger.debug(`Created group ${group} on ${key}.`);
      } catch (error) {
        if (!isReply(error, 'BUSYGROUP')) throw error;
        await this.setBackIfAhead(key, group);
      }
    }
  }

  async read(
    group: string,
    consumer: string,
    { count, waitMs, signal }: { count: number; waitMs: number; signal?: AbortSignal },
  ): Promise<StreamEntry[]> {
    const deadlineMs = performance.now() + waitMs;
    const signals = signal ? [signal, this.closing.signal] : [this.closing.signal];
    const reader = this.reader(group, consumer);
    while (!this.closing.signal.aborted && count > 0) {
      const leftMs = Math.max(0, deadlineMs - performance.now());
      try {
        if (this.rightOfWay) await this.usable();
        const entries = await reader.read(count, Math.min(leftMs, MAX_WAIT_MS), signals);
        if (entries.length > 0 || leftMs <= MAX_WAIT_MS || signal?.aborted) return entries;
      } catch (error) {
        if (this.closing.signal.aborted) return [];
        // The group was deleted, or the stream with all its groups. Create the group again; it reads all entries again.
        if (!isReply(error, 'NOGROUP') && !isReply(error, 'UNBLOCKED')) throw this.connections.inWords(error);
        await this.ensureGroup(group);
      }
    }
    return [];
  }

  async acknowledge(group: string, ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    const redis = await this.connections.usable();
    await Promise.all(
      this.streamsOf(group).map(async (stream) => {
        const own = this.ownIds(stream, ids);
        if (own.length > 0) await redis.xack(stream.key, group, ...own);
      }),
    );
  }

  async takeOver(
    group: string,
    consumer: string,
    options: { idleMs: number; count: number },
  ): Promise<StreamEntry[]> {
    if (options.count <= 0) return [];
    await this.ensureGroup(group);
    const redis = await this.connections.usable();
    // Redis 7.0 does not reset a consumer's idle time on an empty read of new entries. Reading its own pending entries
    // does.
    await redis.xreadgroup('GROUP', group, consumer, 'COUNT', 1, 'STREAMS', this.events.key, LAST_ID);
    const taken: StreamEntry[] = [];
    // Logs are delivered before events here too.
    for (const stream of this.streamsOf(group).toReversed()) {
      const count = options.count - taken.length;
      const { entries, isFull } = await takeOverFrom(redis, stream, group, consumer, { ...options, count });
      taken.push(...entries);
      if (isFull) break; // all log entries come before events
    }
    return taken;
  }

  async follow(onEntry: (fields: Record<string, string>) => void): Promise<{ stop(): Promise<void> }> {
    const follower = new RedisFollower(this.connections, this.events, onEntry);
    this.followers.add(follower);
    await follower.start();
    return {
      stop: async () => {
        this.followers.delete(follower);
        await follower.stop();
      },
    };
  }

  async trim(before: Instant): Promise<number> {
    return this.trimming.trim(await this.usable(), Date.parse(before));
  }

  async register(installationId: string, nodeId: string): Promise<string[]> {
    return this.servers.register(await this.connections.usable(), installationId, nodeId);
  }

  async unregister(installationId: string, nodeId: string): Promise<void> {
    await this.servers.unregister(await this.connections.usable(), installationId, nodeId);
  }

  async groups(): Promise<GroupState[]> {
    const redis = await this.connections.usable();
    const states = new Map<string, GroupState>();
    for (const { key } of [this.events, this.logs]) {
      for (const group of await groupsOf(redis, key)) {
        const consumers = await consumersOf(redis, key, group.name);
        const lag = group.lag ?? (await this.countAfter(key, group.lastDeliveredId));
        const known = states.get(group.name);
        if (!known) {
          states.set(group.name, { name: group.name, lag, pending: group.pending, consumers });
          continue;
        }
        known.lag += lag;
        known.pending += group.pending;
        for (const consumer of consumers) {
          const same = known.consumers.find(({ name }) => name === consumer.name);
          if (!same) known.consumers.push(consumer);
          else {
            same.pending += consumer.pending;
            same.idleMs = Math.min(same.idleMs, consumer.idleMs);
          }
        }
      }
    }
    return [...states.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async *deliveredSince(group: string, entryIds: string[]): AsyncGenerator<StreamEntry[]> {
    // Start by time, because the same clock generates the ids of both streams.
    const sinceMs = Math.min(...entryIds.flatMap((id) => millisecondsOf(id) ?? []));
    if (!Number.isFinite(sinceMs)) return;
    const redis = await this.usable();
    for (const stream of this.streamsOf(group).toReversed()) {
      const found = (await groupsOf(redis, stream.key)).find(({ name }) => name === group);
      if (!found) continue;
      let from = `${sinceMs}-0`;
      while (compareIds(from, found.lastDeliveredId) <= 0) {
        const entries = (await redis.xrange(
          stream.key,
          from,
          found.lastDeliveredId,
          'COUNT',
          BATCH,
        )) as RedisEntry[];
        if (entries.length === 0) break;
        yield toEntries(stream, entries, 0);
        from = next(entries.at(-1)![0]);
      }
    }
  }

  async obtainable(ids: string[], group: string | null): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const found = await this.pipelined<RedisEntry[]>((pipeline) =>
      ids.forEach((id) => {
        const { key, mark } = id.startsWith(this.logs.mark) ? this.logs : this.events;
        const own = id.slice(mark.length);
        pipeline.xrange(key, own, own);
      }),
    );
    const there = ids.filter((_, index) => found[index]!.length > 0);
    const { key } = this.events;
    const state =
      group === null
        ? undefined
        : (await groupsOf(await this.connections.usable(), key)).find(({ name }) => name === group);
    if (!state) return new Set(there); // a new group begins at the first entry
    const handedOut = there.filter((id) => compareIds(id, state.lastDeliveredId) <= 0);
    const pending = await this.pipelined<unknown[]>((pipeline) =>
      handedOut.forEach((id) => pipeline.xpending(key, state.name, id, id, 1)),
    );
    const dropped = new Set(handedOut.filter((_, index) => pending[index]!.length === 0));
    return new Set(there.filter((id) => !dropped.has(id)));
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([...this.followers].map((follower) => follower.stop()));
    this.connections.close();
  }

  /** @throws Error while Redis is unavailable, or reserved for the installation that this one was restored from */
  private async usable(): Promise<Redis> {
    const redis = await this.connections.usable();
    await this.rightOfWay?.assertFree(redis);
    return redis;
  }

  private streamsOf(group: string): StreamKey[] {
    return group === API_GROUP ? [this.events, this.logs] : [this.events];
  }

  private ownIds({ mark }: StreamKey, ids: string[]): string[] {
    const isLog = (id: string) => id.startsWith(this.logs.mark);
    return ids.filter((id) => isLog(id) === (mark !== '')).map((id) => id.slice(mark.length));
  }

  private reader(group: string, consumer: string): RedisGroupReader {
    const name = JSON.stringify([group, consumer]);
    let reader = this.readers.get(name);
    if (!reader) {
      reader = new RedisGroupReader(this.connections, this.streamsOf(group), group, consumer);
      this.readers.set(name, reader);
    }
    return reader;
  }

  /**
   * Resets a group whose offset is beyond the end of the stream, for example after a restore. Redis would deliver
   * nothing to it and report no error. The group starts from the beginning, and the inbox ignores duplicates.
   */
  private async setBackIfAhead(key: string, group: string): Promise<void> {
    const redis = await this.connections.usable();
    const [lastId, groups] = await Promise.all([lastIdOf(redis, key), groupsOf(redis, key)]);
    const place = groups.find(({ name }) => name === group)?.lastDeliveredId ?? BEGINNING;
    if (compareIds(place, lastId) <= 0) return;
    await redis.xgroup('SETID', key, group, BEGINNING);
    this.logger.warn(
      `Group ${group} was ahead of the stream ${key} (${place}), so it reads the stream from the start.`,
    );
  }

  private async countAfter(key: string, id: string): Promise<number> {
    const redis = await this.connections.usable();
    return (await redis.xrange(key, next(id), '+', 'COUNT', MAX_COUNTED)).length;
  }

  /**
   * Sends several commands in one round trip. Throws the first error; the outcome of the other commands is then
   * unknown.
   */
  private async pipelined<Result>(fill: (pipeline: ChainableCommander) => void): Promise<Result[]> {
    const pipeline = (await this.usable()).pipeline();
    fill(pipeline);
    const results = (await pipeline.exec()) ?? [];
    return results.map(([error, result]) => {
      if (error) throw error;
      return result as Result;
    });
  }
}

function isReply(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
