import type { FoundPosting } from './posting';
import type { ZeroResult } from './report';
import type { RunInput } from './run-inputs';
import { fits, wordsOfPosting } from './score-rules';
import type { SourceOutcome } from './source-reader';
import { wordsOf } from './words';

export interface SearchOutcome {
  postings: FoundPosting[];
  /** Searches whose sources were read completely, without a posting that fits. */
  zeroResults: ZeroResult[];
  /** Domains of searches that no source answers. */
  domainsWithoutSource: string[];
}

/** Answers each search from the postings of its domain. A posting that fits several searches is found once. */
export function answerSearches(
  inputs: readonly RunInput[],
  outcomes: readonly SourceOutcome[],
): SearchOutcome {
  const found = new Map<string, FoundPosting>();
  const zeroResults: ZeroResult[] = [];
  const domainsWithoutSource = new Set<string>();
  const searchable = outcomes.map((outcome) => ({
    outcome,
    postings: outcome.postings.map((posting) => ({ posting, words: wordsOfPosting(posting) })),
  }));
  for (const { queryId, queryText, domain } of inputs) {
    const asked = searchable.filter(({ outcome }) => outcome.source.domain === domain);
    if (asked.length === 0) {
      domainsWithoutSource.add(domain);
      continue;
    }
    const query = wordsOf(queryText);
    const fitting = asked.flatMap(({ postings }) => postings.filter(({ words }) => fits(words, query)));
    for (const { posting } of fitting) {
      const key = `${posting.source} ${posting.url}`;
      const earlier = found.get(key);
      if (earlier === undefined) found.set(key, { ...posting, queries: [queryId] });
      else if (!earlier.queries.includes(queryId)) earlier.queries.push(queryId);
    }
    // A source that was not read completely may have postings that fit.
    if (fitting.length === 0 && asked.every(({ outcome }) => outcome.state === 'read'))
      zeroResults.push({ queryText, domain });
  }
  return { postings: [...found.values()], zeroResults, domainsWithoutSource: [...domainsWithoutSource] };
}
