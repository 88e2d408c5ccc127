import type { ResultTable } from '../../projects/project';
import { TableError } from './table-flaw';

/** What a file has under the name of the table. */
export interface FoundTable {
  name: string;
  type: 'table' | 'view';
  columns: { name: string; type: string }[];
  hasRowId: boolean;
}

export interface TableSort {
  column: string;
  descending: boolean;
}

/** How the table of a project is read and shown. */
export interface TableLayout {
  table: string;
  /** In the order in which they are shown. */
  columns: TableColumn[];
  title: string | null;
  link: string | null;
  newBy: string | null;
  sort: TableSort | null;
  /** A name of the row id that no column hides. Null for views and tables without row id. */
  rowId: string | null;
}

export interface TableColumn {
  name: string;
  /** As declared; may be empty. */
  type: string;
}

export const MAX_COLUMNS = 50;
const MAX_TYPE = 100;
const ROW_ID_NAMES = ['rowid', '_rowid_', 'oid'];

/**
 * Returns the columns that a project shows: its title, those that it names or else all, and the link. Pure.
 * @throws TableError if the table lacks a column
 */
export function layoutOf(setting: ResultTable, found: FoundTable): TableLayout {
  const { title, link, newBy, sort } = setting;
  const types = new Map(found.columns.map(({ name, type }) => [name, type]));
  const wanted = [title, ...(setting.columns ?? types.keys()), link].filter((name) => name !== null);
  for (const name of [...wanted, newBy, sort?.column ?? null])
    if (name !== null && !types.has(name)) throw new TableError({ code: 'no-such-column', column: name });
  const names = [...new Set(wanted)];
  if (names.length > MAX_COLUMNS)
    throw new TableError({ code: 'too-many-columns', count: names.length, limit: MAX_COLUMNS });
  const lowerCase = new Set(found.columns.map(({ name }) => name.toLowerCase()));
  return {
    table: found.name,
    columns: names.map((name) => ({ name, type: types.get(name)!.slice(0, MAX_TYPE) })),
    title,
    link,
    newBy,
    sort,
    rowId: found.hasRowId ? (ROW_ID_NAMES.find((name) => !lowerCase.has(name)) ?? null) : null,
  };
}

/**
 * Returns the order that `column` or `-column` names; null if no shown column has that name. A column whose own name
 * starts with "-" goes first. Pure.
 */
export function sortNamed(text: string, { columns }: Pick<TableLayout, 'columns'>): TableSort | null {
  const has = (name: string) => columns.some((column) => column.name === name);
  if (has(text)) return { column: text, descending: false };
  return text.startsWith('-') && has(text.slice(1)) ? { column: text.slice(1), descending: true } : null;
}

export function sortText({ column, descending }: TableSort): string {
  return descending ? `-${column}` : column;
}
