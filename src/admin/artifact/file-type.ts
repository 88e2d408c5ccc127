/** Types of files that have no preview, by their first bytes. */
export type BinaryType = 'sqlite' | 'pdf' | 'zip' | 'gzip' | 'parquet' | 'program' | 'other';

/** The number of first bytes that decide. */
export const SIGNATURE_BYTES = 16;

/** Bytes are read as Latin-1, so that each is one character. */
const PICTURES: [RegExp, string][] = [
  [/^\x89PNG\r\n\x1a\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[^]{4}WEBP/, 'image/webp'],
  [/^[^]{4}ftypavi[fs]/, 'image/avif'],
];
const OTHERS: [RegExp, BinaryType][] = [
  [/^SQLite format 3\0/, 'sqlite'],
  [/^%PDF-/, 'pdf'],
  [/^PK\x03\x04/, 'zip'],
  [/^\x1f\x8b/, 'gzip'],
  [/^PAR1/, 'parquet'],
  [/^\x7fELF|^MZ/, 'program'],
];
/** Safe as an image: a browser then runs no script of it and loads nothing. */
export const SVG = 'image/svg+xml';

/** Returns the media type of a picture that browsers show; null for any other file. The content decides, not the name. */
export function pictureType(name: string, start: Buffer): string | null {
  const type = match(PICTURES, start);
  if (type !== null) return type;
  // SVG is text, and its first element may come after a long comment, so that only its name tells.
  return endingOf(name) === 'svg' && !start.includes(0) ? SVG : null;
}

export function binaryType(start: Buffer): BinaryType {
  return match(OTHERS, start) ?? 'other';
}

/** Returns the ending of a name in lower case; empty if it has none. */
export function endingOf(name: string): string {
  return /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

function match<T>(signatures: [RegExp, T][], start: Buffer): T | null {
  const text = start.toString('latin1', 0, SIGNATURE_BYTES);
  return signatures.find(([signature]) => signature.test(text))?.[1] ?? null;
}
