import type { CurrentJobs } from './current-jobs';
import { DuplicateFinder, type Fingerprint, fingerprintOf } from './duplicate-finder';
import { jobIdOf } from './normalised-url';
import type { CapturedPosting } from './posting';

export interface UniquePosting extends CapturedPosting {
  id: string;
  fingerprint: Fingerprint;
  /**
   * `new`: a vacancy that no run has seen. `known`: a job of the live result. `known-duplicate`: a posting that the live
   * result lists as a duplicate. `duplicate`: another posting of a job, which no run has seen.
   */
  state: 'new' | 'known' | 'known-duplicate' | 'duplicate';
  /** The job that a duplicate stands for; null for the others. */
  duplicateOf: string | null;
}

export interface Deduplication {
  postings: UniquePosting[];
  /** Postings with the address of an earlier one in the list. They are merged into it. */
  mergedCount: number;
}

/** Compares postings with one another and with the live result. The first posting of a vacancy is its job. */
export function deduplicate(
  found: readonly CapturedPosting[],
  { known, originals }: Pick<CurrentJobs, 'known' | 'originals'>,
): Deduplication {
  const finder = new DuplicateFinder();
  for (const original of originals) finder.add(original);
  const byId = new Map<string, UniquePosting>();
  let mergedCount = 0;
  for (const posting of found) {
    const id = jobIdOf(posting.url);
    const earlier = byId.get(id);
    if (earlier === undefined) {
      byId.set(id, classified(posting, id, known, finder));
      continue;
    }
    mergedCount++;
    earlier.queries = [...new Set([...earlier.queries, ...posting.queries])];
  }
  return { postings: [...byId.values()], mergedCount };
}

function classified(
  posting: CapturedPosting,
  id: string,
  known: Map<string, string>,
  finder: DuplicateFinder,
): UniquePosting {
  const fingerprint = fingerprintOf(posting);
  const job = known.get(id);
  if (job !== undefined)
    return job === id
      ? { ...posting, id, fingerprint, state: 'known', duplicateOf: null }
      : { ...posting, id, fingerprint, state: 'known-duplicate', duplicateOf: job };
  const original = finder.find({ ...posting, fingerprint });
  if (original !== null) return { ...posting, id, fingerprint, state: 'duplicate', duplicateOf: original.id };
  finder.add({ ...posting, id, fingerprint });
  return { ...posting, id, fingerprint, state: 'new', duplicateOf: null };
}
