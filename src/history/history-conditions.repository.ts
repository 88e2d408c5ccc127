import { type HistoryFilter, isByText } from './history-filter';
import { numberIn, plainPart, type RunSearch, startOfIdIn } from './run-search';

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

export function joined(conditions: Condition[]): { sql: string; parameters: unknown[] } {
  return {
    sql: conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}

/** The conditions by which an index lists runs in the order of their ids, or finds a few runs. */
export function baseOf(filter: HistoryFilter): Condition[] {
  return [...columnsOf(filter).base.map(equal), ...identified(filter)];
}

function identified({ number, runId }: HistoryFilter): Condition[] {
  return [
    ...(number === undefined ? [] : [{ sql: WITH_NUMBER, parameters: [number] }]),
    ...(runId === undefined ? [] : [{ sql: 'run_id = ?', parameters: [runId] }]),
  ];
}

/** The index of numbers begins with the project. */
const WITH_NUMBER =
  'run_id IN (SELECT run_id FROM runs WHERE project_id IN (SELECT project_id FROM run_numbers) AND number = ?)';

/** All conditions on columns that are not a text search. */
export function matching(filter: HistoryFilter): Condition[] {
  const { covered, others } = columnsOf(filter);
  const { statuses, idPart } = filter;
  return [
    ...baseOf(filter),
    ...covered.map(equal),
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
