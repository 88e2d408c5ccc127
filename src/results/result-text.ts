import type { ResultFlaw, RunResult } from './run-result';

/** Each continues a sentence that begins with the name of the file. */
const FLAWS: Record<ResultFlaw, string> = {
  outside: 'is outside of the folder that it must be in',
  'own-file': 'is a file of Jobato, or of another run',
  name: 'has a name that is too long, or has control characters',
  'not-a-file': 'is not a file',
  empty: 'is empty',
  'too-large': 'is larger than RESULT_LIMIT_MB allows',
  changed: 'was written to while it was copied. Offer it after it is complete',
  'open-database': 'is a database that a program has open. Close it before the run ends',
  'damaged-database': 'is a damaged SQLite database',
  'not-a-database': 'is not an SQLite database, which "result.table" needs',
  'no-such-table': 'lacks the table, or a column, that "result.table" names',
  unreadable: 'cannot be read by the server',
  'no-space': 'could not be copied, because the disk has no room. Free some space, and start the run again',
};

/** Returns why the file that a run offered is not its project's live result; null if it became that. */
export function whyNotLive(result: RunResult): string | null {
  switch (result.state) {
    case 'accepted':
      return null;
    case 'result-missing':
      return `${result.offered} does not exist. The live result is unchanged.`;
    case 'result-invalid':
      return `${result.offered} ${FLAWS[result.flaw]}. The live result is unchanged.`;
    case 'partial':
      return `${result.offered} is not used, because the run is partial. With "result.partial: true" in the project file, it would be.`;
  }
}
