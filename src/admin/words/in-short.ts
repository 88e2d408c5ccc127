import type { JsonObject } from '../../events/run-event';
import { humanised, numberText } from './plain-words';

const MOST = 6;
const LONGEST = 32;
/** A value may be of 64 KiB, and a page has many. */
const LOOKED_AT = 1000;

/** "tag v1.2 · count 4000": what a run was given, to tell it from others; cut where it is much. */
export function paramsInShort(params: JsonObject): string | null {
  return inShort(Object.entries(params).map(([name, value]) => `${name} ${valueInShort(value)}`));
}

/** "Files 1,234 · Errors 2": of these metrics, those that a run reported. */
export function metricsInShort(metrics: Record<string, number>, names: string[]): string | null {
  const reported = names.filter((name) => Object.hasOwn(metrics, name));
  return inShort(reported.map((name) => `${humanised(name)} ${numberText(metrics[name]!)}`));
}

function inShort(parts: string[]): string | null {
  const more = parts.length > MOST ? [`${parts.length - MOST} more`] : [];
  return [...parts.slice(0, MOST), ...more].join(' · ') || null;
}

export function valueInShort(value: unknown): string {
  if (value === '') return '“”';
  const start = (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, LOOKED_AT);
  const letters = [...start.replace(/\s+/g, ' ')];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join('')}…` : letters.join('');
}
