import type { RunInput } from '../events/run-event';

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
 * Combines every enabled query with every enabled domain: queries outer, domains inner. Keeps the first of identical
 * searches.
 * @returns null if there are more than MAX_COMBINATIONS
 */
export function runInputs(queries: Query[], domains: AllowedDomain[]): RunInput[] | null {
  const enabledQueries = queries.filter(({ isEnabled }) => isEnabled);
  const enabledDomains = domains.filter(({ isEnabled }) => isEnabled);
  if (enabledQueries.length * enabledDomains.length > MAX_COMBINATIONS) return null;
  const bySearch = new Map<string, RunInput>();
  for (const { queryId, text } of enabledQueries) {
    for (const { domain } of enabledDomains) {
      const searchQuery = searchQueryOf(text, domain);
      const key = searchQuery.toLowerCase();
      if (!bySearch.has(key)) bySearch.set(key, { queryId, queryText: text, domain, searchQuery });
    }
  }
  return [...bySearch.values()];
}

export function searchQueryOf(text: string, domain: string): string {
  return `site:${domain} ${text}`;
}
