import { openClient } from './http-calls';
import { JobSearchError } from './job-search.errors';
import type { FoundPosting } from './posting';
import type { Report } from './report';
import { loadInputs, queriesOf } from './run-inputs';
import { fits, wordsOfPosting } from './score-rules';
import { answerSearches } from './searching';
import type { Settings } from './settings';
import { readSource, type SourceOutcome } from './source-reader';
import { loadSources } from './sources';
import type { Source } from './sources-file';
import { saveStepFile } from './step-files';
import { wordsOf } from './words';

export interface FoundFile {
  postings: FoundPosting[];
  /** Why the postings are not all; null if they are. */
  partial: PartialReason | null;
}

export type PartialReason = 'quota-reached' | 'sources-failed' | 'sources-unknown' | 'domains-without-source';

/** Reads the boards and feeds of the run's domains, and keeps the postings that fit a query. */
export async function search(settings: Settings, report: Report): Promise<void> {
  const inputs = loadInputs(settings.run.inputsFile);
  const { folder, list } = loadSources(settings.sources);
  const domains = new Set(inputs.map(({ domain }) => domain));
  const sources = list.filter(({ domain }) => domains.has(domain));
  if (sources.length === 0)
    throw new JobSearchError(
      'NO_SOURCES',
      `No source answers for ${[...domains].join(', ')}. Add boards of these domains to the sources file.`,
    );
  const queries = queriesOf(inputs).map(({ text }) => wordsOf(text));
  const outcomes = await readAll(sources, { folder, queries }, settings, report);
  failIfNothingWasRead(outcomes);
  const { postings, zeroResults, domainsWithoutSource } = answerSearches(inputs, outcomes);
  for (const domain of domainsWithoutSource) report.warn(`No source answers for ${domain}.`);
  // An empty list means that each search found something, which is unknown if some sources were not read.
  const isComplete = countOf(outcomes, 'read') === outcomes.length && domainsWithoutSource.length === 0;
  if (isComplete || zeroResults.length > 0) report.zeroResults(zeroResults);
  const partial = partialReasonOf(outcomes, domainsWithoutSource);
  saveStepFile(settings.run.runDir, 'found', { postings, partial } satisfies FoundFile);
  report.metrics({
    foundCount: postings.length,
    failedSourcesCount: countOf(outcomes, 'failed'),
    unknownSourcesCount: countOf(outcomes, 'unknown'),
    zeroResultsCount: zeroResults.length,
  });
}

async function readAll(
  sources: Source[],
  { folder, queries }: { folder: string; queries: string[][] },
  settings: Settings,
  report: Report,
): Promise<SourceOutcome[]> {
  const { client } = openClient(settings, report);
  const options = {
    client,
    folder,
    hasResult: settings.run.currentResult !== null,
    maxBytes: settings.maxResponseKb * 1024,
  };
  let done = 0;
  try {
    return await Promise.all(
      sources.map(async (source) => {
        const outcome = await readSource(source, options);
        report.progress(++done, sources.length, source.id);
        say(outcome, report);
        return withoutOthers(outcome, queries);
      }),
    );
  } finally {
    await client.close();
  }
}

/** Large boards have many postings that fit no query. Their texts need not stay in memory. */
function withoutOthers(outcome: SourceOutcome, queries: string[][]): SourceOutcome {
  const postings = outcome.postings.filter((posting) => {
    const words = wordsOfPosting(posting);
    return queries.some((query) => fits(words, query));
  });
  return { ...outcome, postings };
}

function say({ source, postings, invalidCount, problem }: SourceOutcome, report: Report): void {
  report.say(`${source.id}: ${postings.length} postings`);
  if (problem !== null) report.warn(`${source.id}: ${problem}.`);
  if (invalidCount > 0) report.warn(`${source.id}: ${invalidCount} postings have no title or no address.`);
}

/** A source that the quota did not reach has not failed. */
function failIfNothingWasRead(outcomes: SourceOutcome[]): void {
  const failed = outcomes.filter(({ state }) => state === 'failed');
  if (failed.length < outcomes.length || failed.some(({ postings }) => postings.length > 0)) return;
  throw new JobSearchError(
    'ALL_SOURCES_FAILED',
    `All ${failed.length} sources failed. The first one: ${failed[0]!.source.id}: ${failed[0]!.problem}.`,
  );
}

function partialReasonOf(outcomes: SourceOutcome[], domainsWithoutSource: string[]): PartialReason | null {
  if (countOf(outcomes, 'cut') > 0) return 'quota-reached';
  if (countOf(outcomes, 'failed') > 0) return 'sources-failed';
  if (countOf(outcomes, 'unknown') === outcomes.length) return 'sources-unknown';
  return domainsWithoutSource.length > 0 ? 'domains-without-source' : null;
}

function countOf(outcomes: SourceOutcome[], state: SourceOutcome['state']): number {
  return outcomes.filter((outcome) => outcome.state === state).length;
}
