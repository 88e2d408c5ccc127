import type { JsonObject } from '../../events/run-event';
import { valueText } from '../../projects/param-value';
import { humanised } from './humanised';
import { numberText } from './number-text';

const MOST = 6;
const LONGEST = 32;
/** A value may have 64 KiB, and a page has many values. */
const LOOKED_AT = 1000;

/** Returns the params that distinguish a run, shortened: "tag v1.2 · count 4000". */
export function paramsInShort(params: JsonObject): string | null {
  return inShort(Object.entries(params).map(([name, value]) => `${name} ${valueInShort(value)}`));
}

/** Returns the reported ones of these metrics: "Files 1,234 · Errors 2". */
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
  const start = valueText(value).slice(0, LOOKED_AT);
  const letters = [...start.replace(/\s+/g, ' ')];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join('')}…` : letters.join('');
}
