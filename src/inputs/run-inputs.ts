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

/** Every enabled query at every enabled domain: queries outer, domains inner. Of those that ask the same, the first. */
export function runInputs(queries: Query[], domains: AllowedDomain[]): RunInput[] {
  const bySearch = new Map<string, RunInput>();
  for (const { queryId, text } of queries.filter(({ isEnabled }) => isEnabled)) {
    for (const { domain } of domains.filter(({ isEnabled }) => isEnabled)) {
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
