import type { Original } from './duplicate-finder';
import { signatureFrom } from './job-rows';
import { JobsRepository } from './jobs.repository';
import type { PageState } from './page-selection';

/** What the live result knows. */
export interface CurrentJobs {
  /** The ids of jobs, and of duplicates with the id of their job. */
  known: Map<string, string>;
  originals: Original[];
  /** Pages of all known postings, by id. */
  pages: Map<string, PageState>;
}

/** Reads the live result; without one, nothing is known. */
export function openCurrentJobs(file: string | null): CurrentJobs {
  const known = new Map<string, string>();
  const originals: Original[] = [];
  const pages = new Map<string, PageState>();
  if (file !== null) {
    const jobs = JobsRepository.openReadOnly(file);
    try {
      for (const id of jobs.jobIds()) known.set(id, id);
      for (const { id, duplicateOf } of jobs.duplicateIds()) known.set(id, duplicateOf);
      for (const { id, isCaptured, tries } of jobs.pages())
        pages.set(id, { isCaptured: isCaptured === 1, tries });
      for (const { exactKey, signature, ...job } of jobs.fingerprints())
        originals.push({ ...job, fingerprint: { exactKey, signature: signatureFrom(signature) } });
    } finally {
      jobs.close();
    }
  }
  return { known, originals, pages };
}
