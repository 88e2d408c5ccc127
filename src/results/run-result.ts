import type { RunEventMap } from '../events/run-event';
import type { ResultRule } from '../projects/project';

/** What is wrong with an offered file. */
export const RESULT_FLAWS = [
  /** It lies outside of the folder of the run or of the data folder, also by a link. */
  'outside',
  /** It is one of Jobato's own files, or one of another run. */
  'own-file',
  /** Its name has control characters, or is too long for a pointer. */
  'name',
  'not-a-file',
  'empty',
  'too-large',
  /** It was written to while it was copied. */
  'changed',
  /** A program has the SQLite database open, and part of its data is in another file. */
  'open-database',
  'damaged-database',
  /** The project has `result.table`, and the file is not an SQLite database. */
  'not-a-database',
  /** The database lacks the table, or one of the columns, that `result.table` names. */
  'no-such-table',
  'unreadable',
  /** The disk had no room for the copy. */
  'no-space',
] as const;
export type ResultFlaw = (typeof RESULT_FLAWS)[number];

/**
 * What became of the file that the end of a run offered as the result of its project. `file` is the private copy,
 * relative to DATA_DIR. `offered` is the path as it was offered.
 */
export type RunResult =
  | { state: 'accepted'; file: string; size: number }
  | { state: 'result-missing'; offered: string }
  | { state: 'result-invalid'; offered: string; flaw: ResultFlaw }
  /** The run is partial, and the project has no `result.partial`. */
  | { state: 'partial'; offered: string };

/** A file that a run offers, before any check. */
export interface ResultOffer {
  /** The folder that the path is relative to, and must stay in: that of the run, or DATA_DIR. */
  below: 'run' | 'data';
  path: string;
}

/** Returns the file that the end of a run offers; null if it offers none. Pure. */
export function offerOf(
  { result, resultsDb }: Pick<RunEventMap['run.completed'], 'result' | 'resultsDb'>,
  rule: ResultRule | null,
): ResultOffer | null {
  if (result !== undefined) return { below: 'run', path: result.path };
  if (resultsDb !== undefined && resultsDb !== null) return { below: 'data', path: resultsDb };
  return rule?.artifact == null ? null : { below: 'run', path: rule.artifact };
}
