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
  const enabledQueries = queries.filter(({ isEnabled }) => isEnabled);
  const enabledDomains = domains.filter(({ isEnabled }) => isEnabled);
  if (enabledQueries.length * enabledDomains.length > MAX_COMBINATIONS) return null;
  const bySearch = new Map<string, RunInput>();
  for (const { queryId, text } of enabledQueries) {
    for (const { domain } of enabledDomains) {
      const key = searchKey(text, domain);
      if (bySearch.has(key)) continue;
      bySearch.set(key, { queryId, queryText: text, domain, searchQuery: searchQueryOf(text, domain) });
    }
  }
  return [...bySearch.values()];
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
  const texts = new Set(queries.flatMap(({ text, isEnabled }) => (isEnabled ? searchKey(text, '') : [])));
  const names = new Set(domains.flatMap(({ domain, isEnabled }) => (isEnabled ? domain.toLowerCase() : [])));
  return { queries: texts.size, domains: names.size, searches: texts.size * names.size };
}
