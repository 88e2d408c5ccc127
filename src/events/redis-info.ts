import type { Redis } from 'ioredis';

export interface GroupInfo {
  name: string;
  pending: number;
  lastDeliveredId: string;
  /** Null where Redis cannot tell, as after entries were deleted from the middle. */
  lag: number | null;
}

export interface StreamInfo {
  lastGeneratedId: string;
  groups: GroupInfo[];
}

/** What Redis says of a stream and its groups; of one that is not there, that it is empty. */
export async function infoOf(redis: Redis, key: string): Promise<StreamInfo> {
  try {
    const [stream, groups] = await Promise.all([
      redis.xinfo('STREAM', key) as Promise<unknown[]>,
      redis.xinfo('GROUPS', key) as Promise<unknown[][]>,
    ]);
    return {
      lastGeneratedId: String(named(stream)['last-generated-id']),
      groups: groups.map(named).map((group) => ({
        name: String(group.name),
        pending: Number(group.pending),
        lastDeliveredId: String(group['last-delivered-id']),
        lag: typeof group.lag === 'number' ? group.lag : null,
      })),
    };
  } catch (error) {
    if (error instanceof Error && /no such key/.test(error.message)) {
      return { lastGeneratedId: '0-0', groups: [] };
    }
    throw error;
  }
}

/** Redis answers names and values in turn. */
export function named(flat: unknown[]): Record<string, unknown> {
  return Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_, index) => [String(flat[2 * index]), flat[2 * index + 1]]),
  );
}
