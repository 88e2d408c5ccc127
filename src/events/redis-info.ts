import type { Redis } from 'ioredis';
import type { ConsumerState } from './event-stream';

export interface GroupInfo {
  name: string;
  pending: number;
  lastDeliveredId: string;
  /** Null if Redis does not report it, for example after entries in the middle were deleted. */
  lag: number | null;
}

/** Returns the groups of a stream; empty if the stream does not exist. */
export async function groupsOf(redis: Redis, key: string): Promise<GroupInfo[]> {
  const groups = await unlessMissing(redis.xinfo('GROUPS', key) as Promise<unknown[][]>);
  return (groups ?? []).map(named).map((group) => ({
    name: String(group.name),
    pending: Number(group.pending),
    lastDeliveredId: String(group['last-delivered-id']),
    lag: typeof group.lag === 'number' ? group.lag : null,
  }));
}

export async function consumersOf(redis: Redis, key: string, group: string): Promise<ConsumerState[]> {
  const rows = (await redis.xinfo('CONSUMERS', key, group)) as unknown[][];
  return rows.map((row) => {
    const { name, pending, idle } = named(row);
    return { name: String(name), pending: Number(pending), idleMs: Number(idle) };
  });
}

/**
 * Returns the last id of a stream. Expensive, because the reply contains the first and last entry: do not call it
 * often.
 */
export async function lastIdOf(redis: Redis, key: string): Promise<string> {
  const stream = await unlessMissing(redis.xinfo('STREAM', key) as Promise<unknown[]>);
  return stream === null ? '0-0' : String(named(stream)['last-generated-id']);
}

async function unlessMissing<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && /no such key/.test(error.message)) return null;
    throw error;
  }
}

/** Converts alternating names and values of a Redis reply. */
function named(flat: unknown[]): Record<string, unknown> {
  return Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_, index) => [String(flat[2 * index]), flat[2 * index + 1]]),
  );
}
