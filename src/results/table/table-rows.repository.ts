import { Injectable } from '@nestjs/common';
import { type Cell, cellsOf, type RawValue } from './cell';
import type { RowPosition } from './table-cursor';
import { TableError } from './table-flaw';
import type { FoundTable, TableLayout, TableSort } from './table-layout';
import { type Statement, TableReaders } from './table-readers';

/** Which rows of a table, and in which order. */
export interface RowSelection {
  /** Only rows of this run; null for all. */
  newBy: string | null;
  /** Only rows with this text in a shown column. */
  search: string | null;
  /** Null for the order of the table. */
  sort: TableSort | null;
}

export interface RowsPart {
  rows: Cell[][];
  /** Where the next page starts; null on the last one. */
  next: RowPosition | null;
}

export interface RowCounts {
  all: number | null;
  /** Null without a column for it, too. */
  today: number | null;
}

const QUERY_MS = 3000;
/** The page is shown without numbers if counting takes longer. */
const COUNT_MS = 1000;
const PAGE_CELL_BYTES = 10_000;
const CSV_CELL_BYTES = 1024 * 1024;
/** A table has at most 2,000 columns unless SQLite was built otherwise. */
const MAX_FOUND_COLUMNS = 2000;
const NO_LIMIT = 2n ** 62n;
/** Declared types of columns that are not searched: SQLite would first write each number as text. */
const NUMERIC = /INT|REAL|FLOA|DOUB/i;
const NOT_ASCII = /[^\0-\x7f]+/;

/** Reads tables of foreign database files. No name or value of a file, a project or a client becomes part of SQL unquoted. */
@Injectable()
export class TableRowsRepository {
  constructor(private readonly readers: TableReaders) {}

  /** @throws TableError */
  async find(file: string, table: string): Promise<FoundTable> {
    const limits = { rows: 1, ms: QUERY_MS };
    const kind =
      "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE";
    const { rows } = await this.readers.query(file, { sql: kind, parameters: [table] }, limits);
    const [name, type, isWithoutRowId] = rows[0] ?? [];
    // A bound text ends at its first NUL in some functions of SQLite.
    if (typeof name !== 'string' || table.includes('\0'))
      throw new TableError({ code: 'no-such-table', table });
    if (type !== 'table' && type !== 'view') throw new TableError({ code: 'virtual-table', table });
    const columns = await this.readers.query(
      file,
      { sql: 'SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1', parameters: [name] },
      { ...limits, rows: MAX_FOUND_COLUMNS },
    );
    return {
      name,
      type,
      columns: columns.rows.map(([column, columnType]) => ({
        name: String(column),
        type: String(columnType ?? ''),
      })),
      hasRowId: type === 'table' && isWithoutRowId === 0,
    };
  }

  /** @throws TableError */
  async count(file: string, { table, newBy }: TableLayout, runId: string): Promise<RowCounts> {
    const isNew = newBy === null ? '0' : `${column(newBy)} COLLATE BINARY = ?`;
    const sql = `SELECT count(*), count(*) FILTER (WHERE ${isNew}) FROM ${quoted(table)} AS t`;
    const parameters = newBy === null ? [] : [runId];
    const { rows } = await this.readers.query(file, { sql, parameters }, { rows: 1, ms: COUNT_MS });
    const [all, today] = rows[0] as [number, number];
    return { all, today: newBy === null ? null : today };
  }

  /** @throws TableError */
  async page(
    file: string,
    layout: TableLayout,
    selection: RowSelection,
    { after, limit }: { after: RowPosition | null; limit: number },
  ): Promise<RowsPart> {
    const statement = select(layout, selection, after, BigInt(limit + 1), PAGE_CELL_BYTES);
    const { rows, isEnd } = await this.readers.query(file, statement, { rows: limit, ms: QUERY_MS });
    return {
      rows: rows.map(([, ...values]) => cellsOf(values)),
      next: isEnd || rows.length === 0 ? null : positionAfter(rows, layout, after),
    };
  }

  /** Returns all rows in parts. @throws TableError */
  async *all(file: string, layout: TableLayout, selection: RowSelection): AsyncGenerator<Cell[][]> {
    const statement = select(layout, selection, null, NO_LIMIT, CSV_CELL_BYTES);
    for await (const rows of this.readers.stream(file, statement))
      yield rows.map(([, ...values]) => cellsOf(values));
  }
}

function positionAfter(rows: RawValue[][], { rowId }: TableLayout, before: RowPosition | null): RowPosition {
  if (rowId !== null) return { rowId: BigInt(rows.at(-1)![0]!) };
  return { offset: rows.length + (before !== null && 'offset' in before ? before.offset : 0) };
}

/**
 * The first column is the row id. The limit is inside, so that SQLite computes the values of each shown row once and of
 * no other row.
 */
function select(
  layout: TableLayout,
  selection: RowSelection,
  after: RowPosition | null,
  limit: bigint,
  cellBytes: number,
): Statement {
  const { table, columns, rowId } = layout;
  const from = `${quoted(table)} AS t`;
  const names = columns.map(({ name }, index) => `${column(name)} AS v${index}`);
  const conditions = [...conditionsOf(layout, selection)];
  const { keys, isDescending } = orderOf(layout, selection.sort);
  if (rowId !== null && after !== null && 'rowId' in after) {
    // The values of the last row are read again, because a cursor could not hold all of them.
    const last = `SELECT ${keys.join(', ')} FROM ${from} WHERE t.${rowId} = ?`;
    const sign = isDescending ? '<' : '>';
    conditions.push({ sql: `(${keys.join(', ')}) ${sign} (${last})`, parameters: [after.rowId] });
  }
  const offset = after !== null && 'offset' in after ? BigInt(after.offset) : 0n;
  const direction = isDescending ? ' DESC' : '';
  const inner = [
    `SELECT ${[rowId === null ? 'NULL AS k' : `t.${rowId} AS k`, ...names].join(', ')} FROM ${from}`,
    conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
    keys.length === 0 ? '' : `ORDER BY ${keys.map((key) => key + direction).join(', ')}`,
    'LIMIT ? OFFSET ?',
  ].join(' ');
  return {
    sql: `SELECT k, ${columns.map((_, index) => shown(`v${index}`, cellBytes)).join(', ')} FROM (${inner})`,
    parameters: [...conditions.flatMap(({ parameters }) => parameters), limit, offset],
  };
}

/** Returns the value or its start, and the size of text and binary data: see `cellsOf`. */
function shown(value: string, maxBytes: number): string {
  return (
    `CASE typeof(${value}) WHEN 'blob' THEN NULL WHEN 'text' THEN` +
    ` iif(octet_length(${value}) > ${maxBytes}, substr(${value}, 1, ${maxBytes}), ${value}) ELSE ${value} END,` +
    ` CASE WHEN typeof(${value}) IN ('blob', 'text') THEN octet_length(${value}) END`
  );
}

function* conditionsOf(
  { columns, newBy }: TableLayout,
  { newBy: runId, search }: RowSelection,
): Generator<Statement> {
  if (runId !== null && newBy !== null)
    yield { sql: `${column(newBy)} COLLATE BINARY = ?`, parameters: [runId] };
  if (search === null) return;
  const searched = columns.filter(({ type }) => !NUMERIC.test(type));
  const pattern = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  const anyOf = (sql: string, parameters: string[]) => ({
    sql: `(${searched.map(({ name }) => sql.replaceAll('$', () => column(name))).join(' OR ') || '0'})`,
    parameters: searched.flatMap(() => parameters),
  });
  const like = "$ LIKE ? ESCAPE '\\'";
  if (!NOT_ASCII.test(search)) {
    yield anyOf(like, [pattern(search)]);
    return;
  }
  // LIKE ignores the case of ASCII letters only. It selects the rows in which a slower function looks for others.
  const roughly = pattern(search).replace(new RegExp(NOT_ASCII, 'g'), '%');
  yield anyOf(`(${like} OR (${like} AND holds($, ?)))`, [pattern(search), roughly, search]);
}

/**
 * Returns the expressions that order the rows, all in one direction. Rows without a value come last in both. Rows of a
 * view that are equal in all shown columns look the same, so their order does not matter.
 */
function orderOf(
  { columns, rowId }: TableLayout,
  sort: TableSort | null,
): { keys: string[]; isDescending: boolean } {
  const last = rowId === null ? columns.map(({ name }) => `${column(name)} COLLATE BINARY`) : [`t.${rowId}`];
  if (sort === null) return { keys: rowId === null ? [] : last, isDescending: false };
  const by = column(sort.column);
  const isThere = `${by} IS ${sort.descending ? 'NOT ' : ''}NULL`;
  return { keys: [isThere, `ifnull(${by}, 0) COLLATE NOCASE`, ...last], isDescending: sort.descending };
}

function column(name: string): string {
  return `t.${quoted(name)}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
