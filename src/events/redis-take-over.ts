import type { Redis } from 'ioredis';
import type { StreamEntry } from './event-stream';
import { HANDY_CHARACTERS, type RedisEntry, type StreamKey, toEntries } from './redis-entries';

const FIRST_PORTION = 8;
const LARGEST_PORTION = 64;

export interface TakenOver {
  entries: StreamEntry[];
  /** Whether there may be more entries to take over. */
  isFull: boolean;
}

/**
 * Claims entries that have been pending for at least `idleMs`, in batches, because the size of entries is unknown
 * until they arrive. A reply that times out would increase the delivery count without a delivery.
 */
export async function takeOverFrom(
  redis: Redis,
  stream: StreamKey,
  group: string,
  consumer: string,
  { idleMs, count }: { idleMs: number; count: number },
): Promise<TakenOver> {
  const minIdleMs = Math.ceil(idleMs);
  for (;;) {
    // XAUTOCLAIM needs a single call, but does not return the delivery count.
    const pending = (await redis.call(
      'XPENDING',
      ...[stream.key, group, 'IDLE', minIdleMs, '-', '+', count],
    )) as [id: string, consumer: string, idleMs: number, deliveries: number][];
    const entries: StreamEntry[] = [];
    let characters = 0;
    for (let from = 0, size = FIRST_PORTION; from < pending.length;) {
      const portion = pending.slice(from, from + size);
      const deliveries = new Map(portion.map(([id, , , times]) => [id, times]));
      const claimed = (await redis.xclaim(
        stream.key,
        group,
        consumer,
        minIdleMs,
        ...deliveries.keys(),
      )) as RedisEntry[];
      for (const entry of claimed.flatMap((each) =>
        toEntries(stream, [each], (deliveries.get(each[0]) ?? 0) + 1),
      )) {
        entries.push(entry);
        characters += entry.fields.payload?.length ?? 0;
      }
      if (characters > HANDY_CHARACTERS) return { entries, isFull: true };
      from += size;
      // Neighbouring entries often have similar sizes. A reply with many large entries takes too long on a busy
      // machine.
      const fitting = ((HANDY_CHARACTERS - characters) * entries.length) / Math.max(1, characters);
      size = Math.max(1, Math.floor(Math.min(2 * size, LARGEST_PORTION, fitting)));
    }
    // XCLAIM drops pending entries that were trimmed (Redis 7). There may be others behind them.
    if (entries.length > 0 || pending.length < count) return { entries, isFull: entries.length >= count };
  }
}
