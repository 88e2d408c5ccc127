import type { StoredPosting, UniqueFile } from './dedupe';
import type { Report } from './report';
import { loadInputs, queriesOf } from './run-inputs';
import { type Query, type QueryScore, SCORE_VERSION, scoresOf, wordsOfPosting } from './score-rules';
import type { Settings } from './settings';
import { loadStepFile, saveStepFile } from './step-files';

export interface ScoredPosting extends StoredPosting {
  /** Null for duplicates: their job has the score. */
  scores: QueryScore[] | null;
}

export interface ScoredFile {
  postings: ScoredPosting[];
  scoreVersion: number;
  comparedWith: string | null;
}

/** Scores new and known jobs by the queries that found them. */
export function score({ run, threshold }: Settings, report: Report): void {
  const { postings, comparedWith } = loadStepFile<UniqueFile>(run.runDir, 'unique');
  const queries = new Map(queriesOf(loadInputs(run.inputsFile)).map((query) => [query.id, query]));
  const scored = postings.map((posting) => ({ ...posting, scores: scoresFor(posting, queries) }));
  saveStepFile(run.runDir, 'scored', {
    postings: scored,
    scoreVersion: SCORE_VERSION,
    comparedWith,
  } satisfies ScoredFile);
  const fresh = scored.filter(({ state }) => state === 'new');
  for (const { scores, title } of fresh) report.say(`${String(scores![0]!.score).padStart(3)}  ${title}`);
  report.metrics({ relevantCount: fresh.filter(({ scores }) => scores![0]!.score >= threshold).length });
}

function scoresFor(posting: StoredPosting, queries: ReadonlyMap<string, Query>): QueryScore[] | null {
  if (posting.duplicateOf !== null) return null;
  const asked = posting.queries.flatMap((id) => queries.get(id) ?? []);
  return scoresOf(wordsOfPosting(posting), asked);
}
