import { openClient } from './http-calls';
import { openCurrentJobs } from './current-jobs';
import { jobIdOf } from './normalised-url';
import { type CaptureOutcome, PageCapture } from './page-capture';
import { selectPages } from './page-selection';
import { type CapturedPosting, type FoundPosting, MAX_TEXT_LENGTH } from './posting';
import type { Report } from './report';
import { loadInputs } from './run-inputs';
import type { FoundFile, PartialReason } from './search';
import type { Settings } from './settings';
import { loadStepFile, saveStepFile } from './step-files';

export interface CapturedFile {
  postings: CapturedPosting[];
}

/** Problems in the log. The counts include all of them. */
const MAX_WARNINGS = 20;

/** Stores the pages of postings that no run has captured. */
export async function capture(settings: Settings, report: Report): Promise<void> {
  const { run, maxPages } = settings;
  const { postings, partial } = loadStepFile<FoundFile>(run.runDir, 'found');
  const { pages } = openCurrentJobs(run.currentResult);
  const { wanted, leftCount } = selectPages(postings, pages, maxPages);
  if (leftCount > 0)
    report.warn(`${leftCount} pages exceed the limit of ${maxPages} pages in a run. Later runs read them.`);
  const outcomes = await captureAll(wanted, settings, report);
  const captured = postings.map((posting) => ({
    ...withPage(posting, outcomes.get(posting)),
    isSummary: isOfFeed(posting) && pages.get(jobIdOf(posting.url))?.isCaptured === true,
  }));
  saveStepFile(run.runDir, 'captured', { postings: captured } satisfies CapturedFile);
  const states = [...outcomes.values()].map(({ state }) => state);
  const count = (state: CaptureOutcome['state']) => states.filter((one) => one === state).length;
  report.metrics({
    capturedPagesCount: count('captured'),
    failedPagesCount: count('failed'),
    skippedPagesCount: count('skipped'),
    leftPagesCount: leftCount,
  });
  const reason = partialReasonOf(states, partial);
  if (reason !== null) report.partial(reason);
}

/** Reads one page at a time from each host. Hosts are read side by side. */
async function captureAll(
  postings: FoundPosting[],
  settings: Settings,
  report: Report,
): Promise<Map<FoundPosting, CaptureOutcome>> {
  const domains = new Set(loadInputs(settings.run.inputsFile).map(({ domain }) => domain));
  const { client } = openClient(settings, report);
  const pages = new PageCapture(client, domains, settings.run.htmlDir, settings.maxPageKb * 1024);
  const outcomes = new Map<FoundPosting, CaptureOutcome>();
  let warnings = 0;
  const captureHost = async (ofHost: FoundPosting[]): Promise<void> => {
    for (const posting of ofHost) {
      const outcome = await pages.capture(posting);
      outcomes.set(posting, outcome);
      report.progress(outcomes.size, postings.length, posting.title);
      if ('problem' in outcome && ++warnings <= MAX_WARNINGS) report.warn(`No page: ${outcome.problem}`);
    }
  };
  try {
    await Promise.all(byHost(postings).map(captureHost));
  } finally {
    await client.close();
  }
  return outcomes;
}

function byHost(postings: FoundPosting[]): FoundPosting[][] {
  const hosts = new Map<string, FoundPosting[]>();
  for (const posting of postings) {
    const { host } = new URL(posting.url);
    hosts.set(host, [...(hosts.get(host) ?? []), posting]);
  }
  return [...hosts.values()];
}

/** Feeds often have only the beginning of a description. */
function isOfFeed({ source }: FoundPosting): boolean {
  return source.startsWith('feed:');
}

function withPage(
  posting: FoundPosting,
  outcome: CaptureOutcome | undefined,
): Omit<CapturedPosting, 'isSummary'> {
  const isLonger = outcome?.state === 'captured' && outcome.text.length > posting.text.length;
  const text = isLonger && isOfFeed(posting) ? outcome.text.slice(0, MAX_TEXT_LENGTH) : posting.text;
  return { ...posting, text, recordedHtml: null, page: pageOf(outcome) };
}

/** A page that the quota did not reach was not tried. */
function pageOf(outcome: CaptureOutcome | undefined): CapturedPosting['page'] {
  if (outcome === undefined || outcome.state === 'quota-reached') return null;
  return outcome.state === 'captured' ? 'captured' : 'missing';
}

/** The quota explains the other gaps too, so it is named first. */
function partialReasonOf(
  states: CaptureOutcome['state'][],
  ofSearch: PartialReason | null,
): PartialReason | 'pages-failed' | null {
  if (states.includes('quota-reached')) return 'quota-reached';
  if (ofSearch !== null) return ofSearch;
  return states.includes('failed') && !states.includes('captured') ? 'pages-failed' : null;
}
