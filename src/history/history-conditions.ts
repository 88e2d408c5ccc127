import type { RunStatus, TriggeredBy } from '../runs/run';
import { numberIn, plainPart, type RunSearch, startOfIdIn } from './run-search';

export interface HistoryFilter extends RunSearch {
  /** Without it, the runs of all projects. */
  projectId?: string;
  status?: RunStatus;
  /** Several statuses at once, in place of `status`. */
  statuses?: RunStatus[];
  scope?: string;
  triggeredBy?: TriggeredBy;
  triggeredByName?: string;
  /** A part of the id, in lower case; only hexadecimal digits and dashes. Finds only the newest runs. */
  idPart?: string;
  /** Start time in epoch milliseconds, both ends included. */
  fromMs?: number;
  toMs?: number;
}

/** A part of a WHERE clause. */
export interface Condition {
  sql: string;
  parameters: unknown[];
}

/**
 * What a filter makes SQLite read besides the page:
 * - page: nothing, an index contains only matching runs in order
 * - entries: entries of an index that contains all columns of the filter
 * - rows: rows of the table
 * - texts: rows of the table, with their large columns
 */
export type Reach = 'page' | 'entries' | 'rows' | 'texts';

export function reachOf(filter: HistoryFilter): Reach {
  if (isByText(filter)) return 'texts';
  const { covered, others } = columnsOf(filter);
  if (others.length > 0 || filter.statuses !== undefined) return 'rows';
  return covered.length > 0 || filter.idPart !== undefined ? 'entries' : 'page';
}

export function isByText({ text, artifact }: RunSearch): boolean {
  return text !== undefined || artifact !== undefined;
}

export function joined(conditions: Condition[]): { sql: string; parameters: unknown[] } {
  return {
    sql: conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}

/** The conditions by which an index lists runs in the order of their ids. */
export function baseOf(filter: HistoryFilter): Condition[] {
  return columnsOf(filter).base.map(equal);
}

/** All conditions on columns that are not a text search. */
export function matching(filter: HistoryFilter): Condition[] {
  const { base, covered, others } = columnsOf(filter);
  const { statuses, idPart } = filter;
  return [
    ...[...base, ...covered].map(equal),
    // An expression keeps the planner on the index of the base, within the range.
    ...others.map(([column, value]) => ({ sql: `COALESCE(${column}, '') = ?`, parameters: [value] })),
    ...(statuses === undefined
      ? []
      : [{ sql: `COALESCE(status, '') IN (${statuses.map(() => '?').join(', ')})`, parameters: statuses }]),
    ...(idPart === undefined ? [] : [{ sql: 'run_id LIKE ?', parameters: [`%${idPart}%`] }]),
  ];
}

/** Narrows a search to runs that may be found. `isFound` decides, because SQL sees only the JSON of params and names. */
export function candidatesOf({ text, artifact }: RunSearch): Condition[] {
  return [
    ...(text === undefined ? [] : [mayHaveText(text)]),
    ...(artifact === undefined ? [] : [contains('artifacts', artifact)]),
  ];
}

const TEXT_COLUMNS = [
  'status_reason',
  'error',
  'params',
  'secret_params',
  'worker_id',
  'triggered_by_name',
  'artifacts',
];

function mayHaveText(text: string): Condition {
  const [number, start] = [numberIn(text), startOfIdIn(text)];
  const ways = TEXT_COLUMNS.map((column) => contains(column, text));
  if (number !== null) ways.push({ sql: 'number = ?', parameters: [number] });
  if (start !== null) ways.push({ sql: 'run_id LIKE ?', parameters: [`${start}%`] });
  return {
    sql: `(${ways.map(({ sql }) => sql).join(' OR ')})`,
    parameters: ways.flatMap(({ parameters }) => parameters),
  };
}

function contains(column: string, text: string): Condition {
  const part = plainPart(text).replace(/[!%_]/g, '!$&');
  return { sql: `LOWER(${column}) LIKE LOWER(?) ESCAPE '!'`, parameters: [`%${part}%`] };
}

type Column = [name: string, value: string | undefined];

/** Splits the filter by the indexes of `runs`: with a project they have more columns. */
function columnsOf(filter: HistoryFilter): { base: Column[]; covered: Column[]; others: Column[] } {
  const { projectId, status, scope, triggeredBy, triggeredByName } = filter;
  const given = (columns: Column[]) => columns.filter(([, value]) => value !== undefined);
  if (projectId !== undefined) {
    return {
      base: given([
        ['project_id', projectId],
        ['status', status],
      ]),
      covered: given([
        ['scope', scope],
        ['triggered_by', triggeredBy],
      ]),
      others: given([['triggered_by_name', triggeredByName]]),
    };
  }
  const [first, ...rest] = given([
    ['triggered_by_name', triggeredByName],
    ['status', status],
    ['scope', scope],
    ['triggered_by', triggeredBy],
  ]);
  return { base: first ? [first] : [], covered: [], others: rest };
}

function equal([column, value]: Column): Condition {
  return { sql: `${column} = ?`, parameters: [value] };
}
