import type { StreamEntry } from './event-stream';

/** With so much text in hand a read is content, whatever its count: entries may be large. */
export const HANDY_CHARACTERS = 8 * 1024 * 1024;

/** One stream in Redis. Ids are unique within a stream only, so those of a second one carry its mark. */
export interface StreamKey {
  key: string;
  /** In front of the ids of its entries, outside of the adapter. */
  mark: string;
}

/** As Redis answers it; the fields are null for an entry that was deleted meanwhile. */
export type RedisEntry = [id: string, fields: string[] | null];

export function toEntries({ mark }: StreamKey, entries: RedisEntry[], deliveryCount = 1): StreamEntry[] {
  return entries.flatMap(([id, fields]) =>
    fields === null ? [] : [{ id: `${mark}${id}`, fields: toFields(fields), deliveryCount }],
  );
}

/** Names and values in turn. */
function toFields(flat: string[]): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.push([flat[index]!, flat[index + 1]!]);
  return Object.fromEntries(pairs);
}

/** The time at which Redis took the entry, in epoch milliseconds; null for an id that is not of Redis' making. */
export function millisecondsOf(id: string): number | null {
  const ms = /^(?:[a-z]+:)?(\d{1,15})-\d+$/.exec(id)?.[1];
  return ms === undefined ? null : Number(ms);
}

/** By time, then by the number within the millisecond: as text they would sort wrongly. */
export function compareIds(a: string, b: string): number {
  const [aMs, aNumber] = a.split('-').map(Number);
  const [bMs, bNumber] = b.split('-').map(Number);
  return aMs! - bMs! || aNumber! - bNumber!;
}

/** The id that comes right after this one. */
export function next(id: string): string {
  const [ms, number] = id.split('-');
  return `${ms}-${BigInt(number ?? '0') + 1n}`;
}
