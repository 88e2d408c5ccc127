import { type Cell, cellText } from './cell';

/** Spreadsheets recognise UTF-8 only by this mark. */
export const BYTE_ORDER_MARK = '\uFEFF';
const LINE_END = '\r\n';
/** What makes a spreadsheet treat a text as a formula, also in full width. */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;
/** The same after a character at which some spreadsheets split a text, also within quotes. */
const FORMULA_WITHIN = /([;\t])(\s*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g;
const TO_QUOTE = /[",\r\n]/;

/** Returns a line of a CSV file (RFC 4180) with its end. Text that a spreadsheet would execute gets a `'` before it. */
export function csvLine(cells: readonly Cell[]): string {
  return cells.map(field).join(',') + LINE_END;
}

function field(cell: Cell): string {
  const isText = typeof cell !== 'number';
  const text = isText ? cellText(cell).replace(FORMULA_WITHIN, "$1$2'") : cellText(cell);
  const isFormula = isText && FORMULA.test(text);
  const safe = isFormula ? `'${text}` : text;
  return isFormula || TO_QUOTE.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
