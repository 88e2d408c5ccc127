import type { CapturedFile } from './capture';
import { openCurrentJobs } from './current-jobs';
import { deduplicate, type UniquePosting } from './deduplication';
import type { Report } from './report';
import type { Settings } from './settings';
import { loadStepFile, saveStepFile } from './step-files';

/** The signature as a list of numbers, because JSON has no typed arrays. */
export interface UniqueFile {
  postings: StoredPosting[];
  /** The live result that the postings were compared with. */
  comparedWith: string | null;
}

export interface StoredPosting extends Omit<UniquePosting, 'fingerprint'> {
  exactKey: string;
  signature: number[] | null;
}

/** Finds the postings that stand for the same vacancy. */
export function dedupe({ run }: Settings, report: Report): void {
  const { postings } = loadStepFile<CapturedFile>(run.runDir, 'captured');
  const { postings: unique, mergedCount } = deduplicate(postings, openCurrentJobs(run.currentResult));
  const stored = unique.map(({ fingerprint, ...posting }) => ({
    ...posting,
    exactKey: fingerprint.exactKey,
    signature: fingerprint.signature && [...fingerprint.signature],
  }));
  saveStepFile(run.runDir, 'unique', {
    postings: stored,
    comparedWith: run.currentResult,
  } satisfies UniqueFile);
  const count = (...states: UniquePosting['state'][]) =>
    unique.filter(({ state }) => states.includes(state)).length;
  report.metrics({
    knownCount: count('known', 'known-duplicate'),
    duplicatesCount: count('duplicate') + mergedCount,
    newJobsCount: count('new'),
  });
}
