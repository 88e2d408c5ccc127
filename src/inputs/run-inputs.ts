import type { RunInput } from '../events/run-event';

/** What is looked for. */
export interface Query {
  queryId: string;
  text: string;
  isEnabled: boolean;
}

/** Where it is looked for. */
export interface AllowedDomain {
  domain: string;
  isEnabled: boolean;
}

/** More would not fit into an event, and to make them takes long. */
export const MAX_COMBINATIONS = 100_000;

/**
 * Every enabled query at every enabled domain: queries outer, domains inner. Of those that ask the same, the first.
 * @returns null where there are more than MAX_COMBINATIONS
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
