import { jobIdOf } from './normalised-url';
import type { FoundPosting } from './posting';

/** What the live result has of the page of a posting. */
export interface PageState {
  isCaptured: boolean;
  /** How many runs tried to read it. */
  tries: number;
}

export interface PageSelection {
  wanted: FoundPosting[];
  /** Pages over the limit of a run. Later runs read them. */
  leftCount: number;
}

/** A page that could not be read in so many runs is given up. Otherwise, each run would spend calls on it. */
export const MAX_PAGE_TRIES = 3;

/** Selects the pages that no run has captured: new postings first, then those with the fewest tries. */
export function selectPages(
  postings: readonly FoundPosting[],
  pages: ReadonlyMap<string, PageState>,
  maxPages: number,
): PageSelection {
  const byId = new Map<string, { posting: FoundPosting; rank: number }>();
  for (const posting of postings) {
    const id = jobIdOf(posting.url);
    const page = pages.get(id);
    if (byId.has(id) || page?.isCaptured || (page?.tries ?? 0) >= MAX_PAGE_TRIES) continue;
    byId.set(id, { posting, rank: page === undefined ? -1 : page.tries });
  }
  const all = [...byId.values()].sort((a, b) => a.rank - b.rank).map(({ posting }) => posting);
  return { wanted: all.slice(0, maxPages), leftCount: Math.max(0, all.length - maxPages) };
}
