import type { ErrorCode } from '../../http/problem-catalogue';

/** Why a table cannot be read. */
export type TableFlaw =
  | { code: 'missing-file' }
  /** Not an SQLite database, or one that SQLite cannot read. */
  | { code: 'damaged-file' }
  | { code: 'no-such-table'; table: string }
  /** A virtual table needs a module, and may run any code of it. */
  | { code: 'virtual-table'; table: string }
  | { code: 'no-such-column'; column: string }
  | { code: 'too-many-columns'; count: number; limit: number }
  /** The file is sound, and SQLite refused the query: for example, a view uses an unknown function. */
  | { code: 'query-failed'; reason: string }
  | { code: 'too-slow' }
  | { code: 'too-busy' };

export class TableError extends Error {
  constructor(readonly flaw: TableFlaw) {
    super(flaw.code);
  }
}

/** Names in a foreign file, and messages of SQLite about them, can be very long. */
const MAX_NAME = 100;
const MAX_REASON = 300;

export function problemCodeOf({ code }: TableFlaw): ErrorCode {
  if (code === 'too-busy') return 'SERVER_BUSY';
  return code === 'too-slow' ? 'RESULT_TOO_SLOW' : 'RESULT_UNREADABLE';
}

/** Returns what happened and what to do, in sentences. `number` is the number of the run. */
export function flawText(flaw: TableFlaw, number: number): string {
  const result = `The result of run #${number}`;
  switch (flaw.code) {
    case 'missing-file':
      return `The file of the result of run #${number} is missing from the server. Go back to an earlier result, or start a run.`;
    case 'damaged-file':
      return `${result} is not a readable SQLite database: the file is damaged. Go back to an earlier result, or start a run.`;
    case 'no-such-table':
      return `${result} has no table "${cut(flaw.table)}". Correct "result.table.name" in the project file, or start a run that creates the table.`;
    case 'virtual-table':
      return `"${cut(flaw.table)}" in the result of run #${number} is a virtual table, which cannot be shown. Name an ordinary table or a view in "result.table.name".`;
    case 'no-such-column':
      return `The table in the result of run #${number} has no column "${cut(flaw.column)}". Correct "result.table" in the project file, or start a run that creates the column.`;
    case 'too-many-columns':
      return `The table in the result of run #${number} has ${flaw.count} columns; at most ${flaw.limit} can be shown. Name those to show in "result.table.columns".`;
    case 'query-failed':
      return `${result} cannot be read: ${cut(flaw.reason, MAX_REASON)}. Correct the table or view in the program that creates the file.`;
    case 'too-slow':
      return `Reading the result of run #${number} took too long, and was stopped. Search for less, or make the table smaller; if it is a view, store its rows in a table.`;
    case 'too-busy':
      return 'Too many readers of results at the same time. Try again in a few seconds.';
  }
}

function cut(text: string, maxLength = MAX_NAME): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
