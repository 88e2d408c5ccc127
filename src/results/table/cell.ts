import { sizeText } from '../../config/size-text';

/** A value as SQLite returns it. Integers that JavaScript cannot represent exactly are text. */
export type RawValue = string | number | null;

/** A value of a row. Binary data is only described, and long text is only its start. */
export type Cell = RawValue | BlobCell | CutCell;

export interface BlobCell {
  kind: 'blob';
  bytes: number;
}

export interface CutCell {
  kind: 'cut';
  /** The start. */
  text: string;
  /** Of the whole text. */
  bytes: number;
}

/** For each column, a statement returns two values: the value or its start, and the size of text and binary data. */
export function cellsOf(raw: readonly RawValue[]): Cell[] {
  return Array.from({ length: raw.length / 2 }, (_, index) => cellOf(raw[index * 2]!, raw[index * 2 + 1]!));
}

function cellOf(value: RawValue, size: RawValue): Cell {
  if (typeof size !== 'number') return finite(value);
  if (value === null) return { kind: 'blob', bytes: size };
  // Invalid UTF-8 becomes longer when it is decoded, so only a shorter text was cut.
  if (typeof value === 'string' && Buffer.byteLength(value) < size)
    return { kind: 'cut', text: value, bytes: size };
  return value;
}

/** JSON has no infinity. */
function finite(value: RawValue): RawValue {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** Returns a cell as one text, for files that have nothing else. */
export function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'object') return String(cell);
  const size = sizeText(cell.bytes);
  return cell.kind === 'blob' ? `[blob, ${size}]` : `${cell.text}… [cut, ${size}]`;
}
