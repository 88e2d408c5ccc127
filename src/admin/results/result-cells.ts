import { sizeText } from '../../config/size-text';
import type { Cell } from '../../results/table/cell';
import type { TableLayout } from '../../results/table/table-layout';
import { safeLink, type SafeLink } from './safe-link';

/** A cell of the page. Everything is text; templates escape it. */
export interface CellView {
  label: string;
  text: string;
  /** All of a text that is cut in `text`, or as much as is read; null if nothing is cut. */
  whole: string | null;
  /** The size of a text of which `whole` has only the start. */
  cutSize: string | null;
  isNumber: boolean;
  isBlank: boolean;
  link: SafeLink | null;
}

export interface RowView {
  /** Null if the project names no title. */
  title: CellView | null;
  cells: CellView[];
}

const SHOWN_TEXT = 200;
const SHOWN_NAME = 60;

/** Returns the positions of the columns beside the title. The link is shown by the title, unless it is named as a column. */
export function otherColumns(
  { columns, title, link }: TableLayout,
  named: readonly string[] | null,
): number[] {
  const isHidden = (name: string) =>
    name === title || (name === link && title !== null && named?.includes(name) !== true);
  return columns.flatMap(({ name }, index) => (isHidden(name) ? [] : [index]));
}

export function rowView(cells: readonly Cell[], layout: TableLayout, others: readonly number[]): RowView {
  const at = (name: string | null) => cells[layout.columns.findIndex((column) => column.name === name)];
  const { title, link } = layout;
  return {
    title: title === null ? null : titleView(title, at(title)!, link === null ? null : at(link)!),
    cells: others.map((index) => {
      const { name } = layout.columns[index]!;
      const view = cellView(name, cells[index]!);
      return name === link ? { ...view, link: linkOf(cells[index]!) } : view;
    }),
  };
}

function titleView(name: string, title: Cell, link: Cell): CellView {
  const view = cellView(name, title);
  const found = linkOf(link);
  const isEmpty = view.isBlank || /^[\s\p{Cf}]*$/u.test(view.text);
  return { ...view, ...(isEmpty && { text: found?.href ?? '(no title)', isBlank: false }), link: found };
}

export function cellView(name: string, cell: Cell): CellView {
  const plain = { label: columnLabel(name), whole: null, cutSize: null, isBlank: false, link: null };
  if (cell === null) return { ...plain, text: '–', isNumber: false, isBlank: true };
  if (typeof cell === 'number') return { ...plain, text: String(cell), isNumber: true };
  if (typeof cell === 'string') return { ...plain, ...shortened(cell), isNumber: false };
  if (cell.kind === 'blob') return { ...plain, text: `blob, ${sizeText(cell.bytes)}`, isNumber: false };
  return { ...plain, ...shortened(cell.text), cutSize: sizeText(cell.bytes), isNumber: false };
}

/** Names of columns can be very long. */
export function columnLabel(name: string): string {
  return name.trim() === '' ? '(no name)' : cut(name, SHOWN_NAME);
}

function shortened(text: string): Pick<CellView, 'text' | 'whole'> {
  return text.length <= SHOWN_TEXT ? { text, whole: null } : { text: cut(text, SHOWN_TEXT), whole: text };
}

function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

function linkOf(cell: Cell): SafeLink | null {
  return typeof cell === 'string' ? safeLink(cell) : null;
}
