import type { ConsumerState, GroupState } from './event-stream';

/** Every client with access to Redis can create groups and consumers, under any name. */
export const MAX_GROUPS = 20;
export const MAX_CONSUMERS = 100;
const MAX_NAME_LENGTH = 200;
/** Combines all groups or consumers above the limit. */
export const OTHER = 'other';

/**
 * Bounds the groups of a stream in number and size. Lists the most recently active consumers and combines the rest
 * into one entry.
 */
export function boundedGroups(groups: GroupState[], ours: readonly string[]): GroupState[] {
  const isOurs = ({ name }: GroupState) => ours.includes(name);
  const sorted = [...groups.filter(isOurs), ...groups.filter((group) => !isOurs(group))];
  const named = sorted.slice(0, MAX_GROUPS).map((group) => ({
    ...group,
    name: group.name.slice(0, MAX_NAME_LENGTH),
    consumers: boundedConsumers(group.consumers),
  }));
  const rest = sorted.slice(MAX_GROUPS);
  if (rest.length === 0) return named;
  const lag = rest.reduce((sum, group) => sum + group.lag, 0);
  const pending = rest.reduce((sum, group) => sum + group.pending, 0);
  return [...named, { name: OTHER, lag, pending, consumers: [] }];
}

function boundedConsumers(consumers: ConsumerState[]): ConsumerState[] {
  const named = (consumer: ConsumerState) => ({ ...consumer, name: consumer.name.slice(0, MAX_NAME_LENGTH) });
  if (consumers.length <= MAX_CONSUMERS) return consumers.map(named);
  const latest = [...consumers].sort((one, other) => one.idleMs - other.idleMs);
  const rest = latest.slice(MAX_CONSUMERS);
  return [
    ...latest.slice(0, MAX_CONSUMERS).map(named),
    {
      name: OTHER,
      pending: rest.reduce((sum, { pending }) => sum + pending, 0),
      idleMs: rest[0]!.idleMs,
    },
  ];
}
