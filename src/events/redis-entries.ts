import type { StreamEntry } from './event-stream';

/** A read ends at this many characters, even below its count, because entries may be large. */
export const HANDY_CHARACTERS = 8 * 1024 * 1024;

/** One stream in Redis. Ids are unique only within a stream, so the ids of the second one have a prefix. */
export interface StreamKey {
  key: string;
  /** Prefix of its entry ids outside of the adapter. */
  mark: string;
}

/** An entry in a Redis reply; the fields are null if it was deleted. */
export type RedisEntry = [id: string, fields: string[] | null];

export function toEntries({ mark }: StreamKey, entries: RedisEntry[], deliveryCount = 1): StreamEntry[] {
  return entries.flatMap(([id, fields]) =>
    fields === null ? [] : [{ id: `${mark}${id}`, fields: toFields(fields), deliveryCount }],
  );
}

/** Converts alternating names and values. */
function toFields(flat: string[]): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.push([flat[index]!, flat[index + 1]!]);
  return Object.fromEntries(pairs);
}

/** Returns when Redis added the entry, in epoch milliseconds; null if Redis did not generate the id. */
export function millisecondsOf(id: string): number | null {
  const ms = /^(?:[a-z]+:)?(\d{1,15})-\d+$/.exec(id)?.[1];
  return ms === undefined ? null : Number(ms);
}

/** Compares by time, then by the number within the millisecond. Text order would be wrong. */
export function compareIds(a: string, b: string): number {
  const [aMs, aNumber] = a.split('-').map(Number);
  const [bMs, bNumber] = b.split('-').map(Number);
  return aMs! - bMs! || aNumber! - bNumber!;
}

/** Returns the id that follows this one. */
export function next(id: string): string {
  const [ms, number] = id.split('-');
  return `${ms}-${BigInt(number ?? '0') + 1n}`;
}
