/** The start of a CSV or TSV file. */
export interface DelimitedTable {
  columns: Cell[];
  rows: Cell[][];
  /** True if the file has more rows or columns than the table. */
  hasMoreRows: boolean;
  hasMoreColumns: boolean;
}

interface Cell {
  text: string;
  isNumber: boolean;
}

export const MAX_ROWS = 500;
export const MAX_COLUMNS = 50;
const LONGEST_CELL = 1_000;
const NUMBER = /^[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?%?$/;

/**
 * Reads rows as RFC 4180 describes them: fields may be in quotes, and then contain delimiters and line breaks. The first
 * row has the names of the columns.
 * @returns null for a file without a delimiter in its first line
 */
export function delimitedTable(text: string, isTabs: boolean): DelimitedTable | null {
  const source = text.replace(/^\uFEFF/, '');
  const delimiter = isTabs ? '\t' : delimiterOf(source);
  const { rows, hasMore } = rowsOf(source, delimiter);
  const width = Math.max(0, ...rows.map((row) => row.length));
  if (width < 2) return null;
  const columns = Math.min(width, MAX_COLUMNS);
  const [head, ...body] = rows.map((row) =>
    Array.from({ length: columns }, (_, at) => cellOf(row[at] ?? '')),
  );
  return { columns: head!, rows: body, hasMoreRows: hasMore, hasMoreColumns: width > columns };
}

/** Spreadsheets write semicolons in countries whose numbers have a comma. */
function delimiterOf(source: string): string {
  const first = /^[^\r\n]*/.exec(source)![0];
  return first.split(';').length > first.split(',').length ? ';' : ',';
}

function rowsOf(source: string, delimiter: string): { rows: string[][]; hasMore: boolean } {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < source.length) {
    const [field, end] = source[at] === '"' ? quoted(source, at, delimiter) : plain(source, at, delimiter);
    row.push(field);
    at = end + 1;
    if (source[end] === delimiter) {
      if (at === source.length) row.push('');
      continue;
    }
    if (source[end] === '\r' && source[at] === '\n') at++;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
    // One more than the rows shown, for the names of the columns.
    if (rows.length > MAX_ROWS) return { rows, hasMore: source.slice(at).trim() !== '' };
  }
  if (row.length > 0) rows.push(row);
  return { rows, hasMore: false };
}

/** @returns the field, and the position of the delimiter or line break behind it */
function plain(source: string, start: number, delimiter: string): [string, number] {
  let end = start;
  while (end < source.length && source[end] !== delimiter && source[end] !== '\n' && source[end] !== '\r')
    end++;
  return [source.slice(start, end), end];
}

/** Two quotes are one. Text behind the closing quote belongs to the field; a quote that is never closed ends with the file. */
function quoted(source: string, start: number, delimiter: string): [string, number] {
  let end = start + 1;
  while (end < source.length) {
    const quote = source.indexOf('"', end);
    if (quote < 0) return [source.slice(start + 1).replaceAll('""', '"'), source.length];
    if (source[quote + 1] !== '"') {
      const [rest, next] = plain(source, quote + 1, delimiter);
      return [source.slice(start + 1, quote).replaceAll('""', '"') + rest, next];
    }
    end = quote + 2;
  }
  return ['', source.length];
}

function cellOf(text: string): Cell {
  return {
    text: text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text,
    isNumber: NUMBER.test(text),
  };
}
