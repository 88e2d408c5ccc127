import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bytesOf, type JobRow } from './job-rows';
import { JobsRepository } from './jobs.repository';
import { JobSearchError } from './job-search.errors';
import type { Report } from './report';
import type { ScoredFile, ScoredPosting } from './score';
import type { RunSettings, Settings } from './settings';
import { loadStepFile } from './step-files';

/** Name of the result in the run's folder. */
const RESULT = 'jobs.db';

/** Makes the next result out of the live one, and hands it over when it is complete. */
export async function publish({ run, threshold }: Settings, report: Report): Promise<void> {
  const scored = loadStepFile<ScoredFile>(run.runDir, 'scored');
  // The live result of a run is fixed, but steps that are started without a server can get different ones.
  if (scored.comparedWith !== run.currentResult)
    throw new JobSearchError(
      'STALE_STEP_FILE',
      'The live result is not the one that the step "dedupe" compared with. Start again with the step "capture".',
    );
  const unfinished = path.join(run.runDir, `${RESULT}.tmp`);
  await makeCopy(run.currentResult, unfinished);
  const jobs = JobsRepository.openCopy(unfinished);
  let counts: { newJobs: number; relevant: number };
  try {
    jobs.change(() => saveAll(jobs, scored, run));
    jobs.assertSound();
    counts = jobs.countNew(run.runId, threshold);
  } finally {
    jobs.close();
  }
  syncFile(unfinished);
  renameSync(unfinished, path.join(run.runDir, RESULT));
  report.metrics({ newJobsCount: counts.newJobs, relevantCount: counts.relevant });
  report.result(RESULT);
}

async function makeCopy(current: string | null, file: string): Promise<void> {
  for (const part of [file, `${file}-journal`, `${file}-wal`, `${file}-shm`])
    if (existsSync(part)) rmSync(part);
  if (current === null) return JobsRepository.create(file);
  const jobs = JobsRepository.openReadOnly(current);
  try {
    await jobs.copyTo(file);
  } finally {
    jobs.close();
  }
}

function saveAll(jobs: JobsRepository, { postings, scoreVersion }: ScoredFile, { runId }: RunSettings): void {
  const now = new Date().toISOString();
  // Jobs first: a duplicate refers to its job.
  for (const posting of postings)
    if (posting.duplicateOf === null) {
      const row = rowOf(posting, scoreVersion, runId, now);
      if (posting.isSummary) jobs.saveSeen(row);
      else jobs.saveJob(row);
    }
  for (const { id, duplicateOf, title, url, source, page } of postings)
    if (duplicateOf !== null) jobs.saveDuplicate({ id, duplicateOf, title, url, source, page, runId, now });
}

function rowOf(posting: ScoredPosting, scoreVersion: number, runId: string, now: string): JobRow {
  const { id, title, company, location, url, source, postedAt, exactKey, signature, page, scores } = posting;
  const best = scores![0]!;
  return {
    ...{ id, title, company, location, url, source, postedAt, exactKey, page, scoreVersion, runId, now },
    query: best.query,
    score: best.score,
    explanation: JSON.stringify(scores),
    signature: bytesOf(signature && Uint32Array.from(signature)),
  };
}

function syncFile(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
