import type { Redis } from 'ioredis';
import type { StreamEntry } from './event-stream';
import { HANDY_CHARACTERS, type RedisEntry, type StreamKey, toEntries } from './redis-entries';

const FIRST_PORTION = 8;
const LARGEST_PORTION = 64;

export interface TakenOver {
  entries: StreamEntry[];
  /** Whether there may be more to take over behind them. */
  isFull: boolean;
}

/**
 * Claims what nobody has touched for `idleMs`, in portions: the size of entries is only known once they are here, and
 * an answer that takes too long to come would have counted a delivery that nobody got.
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
    // XAUTOCLAIM would do it in one go, but does not say how often an entry was delivered.
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
      // Neighbours are often equally large, and an answer with many large entries takes too long on a busy machine.
      const fitting = ((HANDY_CHARACTERS - characters) * entries.length) / Math.max(1, characters);
      size = Math.max(1, Math.floor(Math.min(2 * size, LARGEST_PORTION, fitting)));
    }
    // Pending entries that were trimmed are let go of by XCLAIM itself (Redis 7); there may be others behind them.
    if (entries.length > 0 || pending.length < count) return { entries, isFull: entries.length >= count };
  }
}
