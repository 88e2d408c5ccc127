import type { RunInput } from '../events/run-event';
import { searchKey, searchQueryOf } from './search-key';

/** A search text. */
export interface Query {
  queryId: string;
  text: string;
  isEnabled: boolean;
}

/** A domain to search. */
export interface AllowedDomain {
  domain: string;
  isEnabled: boolean;
}

/** More would not fit into an event, and would take long to compute. */
export const MAX_COMBINATIONS = 100_000;

/**
 * Combines every enabled query with every enabled domain: queries outer, domains inner. Keeps the first of searches
 * that differ only in case and white space.
 * @returns null if there are more than MAX_COMBINATIONS
 */
export function runInputs(queries: Query[], domains: AllowedDomain[]): RunInput[] | null {
  const texts = distinct(queries, ({ text }) => searchKey(text, ''));
  const names = distinct(domains, ({ domain }) => searchKey('', domain));
  if (texts.length * names.length > MAX_COMBINATIONS) return null;
  return texts.flatMap(({ queryId, text }) =>
    names.map(({ domain }) => ({
      queryId,
      queryText: text,
      domain,
      searchQuery: searchQueryOf(text, domain),
    })),
  );
}

/** How many searches a run gets. */
export interface SearchCount {
  /** Enabled ones, without duplicates. */
  queries: number;
  domains: number;
  searches: number;
}

/** Counts the searches of `runInputs` without computing them. */
export function searchCount(queries: Query[], domains: AllowedDomain[]): SearchCount {
  const texts = distinct(queries, ({ text }) => searchKey(text, '')).length;
  const names = distinct(domains, ({ domain }) => searchKey('', domain)).length;
  return { queries: texts, domains: names, searches: texts * names };
}

/** Returns the first enabled item of each key. */
function distinct<Item extends { isEnabled: boolean }>(items: Item[], keyOf: (item: Item) => string): Item[] {
  const byKey = new Map<string, Item>();
  for (const item of items) {
    const key = keyOf(item);
    if (item.isEnabled && !byKey.has(key)) byKey.set(key, item);
  }
  return [...byKey.values()];
}
