import stringWidth from 'string-width';
import type { Style, Terminal } from './terminal';
import { oneLine } from './terminal-text';
import { cut, padded } from './text-width';

export interface Cell {
  text: string;
  style?: Style;
  /** What programs get that read the output. Without it, the text. */
  plain?: string;
}

export interface Column<Item> {
  heading: string;
  cell: (item: Item) => Cell | string;
  /** A text that loses its end before other columns do. */
  isText?: boolean;
  /** Where the column is shown. Without it, on both. */
  only?: 'terminal' | 'pipe';
}

const GAP = 2;
const MIN_TEXT_WIDTH = 8;
const NAMING_COLUMNS = 2;

/**
 * Returns a table. On a terminal, it has a heading and fits the width, so that no row wraps. In a pipe, cells are
 * complete and separated by tabs, and there is no heading.
 */
export function table<Item>(
  terminal: Terminal,
  columns: readonly Column<Item>[],
  items: readonly Item[],
): string[] {
  const { width } = terminal;
  const where = width === null ? 'pipe' : 'terminal';
  const shown = columns.filter(({ only }) => only === undefined || only === where);
  const rows = items.map((item) => shown.map(({ cell }) => cell(item)));
  if (rows.length === 0) return [];
  if (width === null) return rows.map((row) => row.map(plainText).join('\t'));
  const heading = shown.map((column): Cell => ({ text: column.heading, style: 'bold' }));
  const isText = shown.map((column) => column.isText === true);
  return fitted(terminal, [heading, ...rows], width, isText);
}

/** Returns rows with aligned columns, each row at most this wide. */
export function fitted(
  terminal: Terminal,
  rows: readonly (readonly (Cell | string)[])[],
  width: number,
  isText: readonly boolean[],
): string[] {
  const cells = rows.map((row) => row.map(asCell));
  const widest = isText.map((_, column) =>
    Math.max(0, ...cells.map((row) => stringWidth(row[column]!.text))),
  );
  const widths = columnWidths(widest, width, isText);
  return cells.map((row) => {
    const texts = widths.map((columnWidth, column) => cut(row[column]!.text, columnWidth));
    // The spaces behind the last text of a row would wrap it in a narrow window.
    const last = texts.findLastIndex((text) => text !== '');
    return texts
      .slice(0, last + 1)
      .map((text, column) => {
        const { style } = row[column]!;
        const filled = column === last ? text : padded(text, widths[column]!);
        return style === undefined ? filled : terminal.styled(style, text) + filled.slice(text.length);
      })
      .join(' '.repeat(GAP));
  });
}

/** Returns rows with aligned columns, of any width. */
export function aligned(rows: readonly string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, stringWidth(cell))));
  return rows.map((row) => row.map((cell, column) => padded(cell, widths[column]!)).join(' '.repeat(GAP)));
}

/**
 * Returns the width of each column. The widest texts get narrower first. What does not fit even then is left out, from
 * the right, except for the first columns, which name the row: these get narrower.
 */
export function columnWidths(
  widest: readonly number[],
  available: number,
  isText: readonly boolean[],
): number[] {
  const natural = widest.map((width) => Math.min(width, available));
  for (let count = natural.length; count >= NAMING_COLUMNS; count--) {
    const widths = natural.slice(0, count);
    narrow(widths, available, (column) => (isText[column] ? MIN_TEXT_WIDTH : Infinity));
    if (total(widths) <= available) return widths;
  }
  const widths = natural.slice(0, NAMING_COLUMNS);
  narrow(widths, available, () => 1);
  return total(widths) <= available ? widths : [available];
}

function narrow(widths: number[], available: number, least: (column: number) => number): void {
  for (let excess = total(widths) - available; excess > 0; excess--) {
    let chosen = -1;
    widths.forEach((width, column) => {
      if (width > least(column) && width > (widths[chosen] ?? 0)) chosen = column;
    });
    if (chosen < 0) return;
    widths[chosen]!--;
  }
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1);
}

function asCell(cell: Cell | string): Cell {
  return typeof cell === 'string' ? { text: oneLine(cell) } : { ...cell, text: oneLine(cell.text) };
}

function plainText(cell: Cell | string): string {
  return oneLine(typeof cell === 'string' ? cell : (cell.plain ?? cell.text));
}
