import { decodeHTMLStrict } from 'entities';

/** Part of a text, as positions of UTF-16 units. */
export interface TextRange {
  start: number;
  end: number;
}

/** An encoding that writes characters as escapes within a text. */
export interface Encoding {
  /** Every escape contains this character. */
  sign: string;
  /** Matches the escape of one character. */
  escape: RegExp;
  decode: (escape: string) => string;
}

const PERCENT =
  '%(?:[0-7][\\da-f]|[cd][\\da-f]%[89ab][\\da-f]|e[\\da-f](?:%[89ab][\\da-f]){2}|f[0-7](?:%[89ab][\\da-f]){3})';

const URL_ENCODING: Encoding = {
  sign: '%',
  escape: new RegExp(PERCENT, 'gi'),
  decode: decodePercent,
};

/** Forms and query strings, which have a plus sign for a blank. */
const FORM_ENCODING: Encoding = {
  sign: '+',
  escape: new RegExp(`\\+|${PERCENT}`, 'gi'),
  decode: (escape) => (escape === '+' ? ' ' : decodePercent(escape)),
};

const JSON_ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

const JSON_ENCODING: Encoding = {
  sign: '\\',
  escape: /\\(?:u[\da-fA-F]{4}|["\\/bfnrt])/g,
  decode: (escape) =>
    escape[1] === 'u' ? String.fromCharCode(parseInt(escape.slice(2), 16)) : JSON_ESCAPES[escape[1]!]!,
};

const HTML_ENCODING: Encoding = {
  sign: '&',
  escape: /&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,31});/g,
  decode: (escape) => decodeHTMLStrict(escape),
};

const WITHOUT_BLANKS = [URL_ENCODING, JSON_ENCODING, HTML_ENCODING];

/** Returns the encodings in which a text may contain the secrets. */
export function encodingsFor(secrets: string[]): Encoding[] {
  return secrets.some((secret) => secret.includes(' ')) ? [...WITHOUT_BLANKS, FORM_ENCODING] : WITHOUT_BLANKS;
}

/** The largest number of characters by which one UTF-16 unit is encoded: `%E2%82%AC` for €. */
export const MAX_ESCAPE_LENGTH = 9;

/** A character of up to four bytes whose last escapes are missing, and the start of any escape. */
const OPEN_ESCAPE = new RegExp(
  [
    '(?:%[cd][\\da-f]|%e[\\da-f](?:%[89ab][\\da-f])?|%f[0-7](?:%[89ab][\\da-f]){0,2})?(?:%[\\da-f]?)?$',
    '\\\\(?:u[\\da-f]{0,3})?$',
    '&[#\\w]{0,32}$',
  ].join('|'),
  'i',
);

/** Removes an escape from the end of a text that may have been cut within it. */
export function withoutOpenEscape(text: string): string {
  return text.replace(OPEN_ESCAPE, '');
}

/** Returns the text without escapes; the text itself if it has none. */
export function withoutEscapes(text: string, { sign, escape, decode }: Encoding): string {
  return text.includes(sign) ? text.replace(escape, decode) : text;
}

/** Returns the parts of a text from which parts of the decoded text were made. */
export function encodedRanges(text: string, { escape, decode }: Encoding, decoded: TextRange[]): TextRange[] {
  const escapes: { decoded: TextRange; encoded: TextRange }[] = [];
  let shorter = 0;
  for (const { 0: match, index } of text.matchAll(escape)) {
    const start = index - shorter;
    const { length } = decode(match);
    escapes.push({
      decoded: { start, end: start + length },
      encoded: { start: index, end: index + match.length },
    });
    shorter += match.length - length;
  }
  // The last escape that begins before a position decides how far the position moves.
  const before = (position: number) => {
    let low = 0;
    for (let high = escapes.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (escapes[middle]!.decoded.start < position) low = middle + 1;
      else high = middle;
    }
    return escapes[low - 1];
  };
  const moved = (position: number, edge: 'start' | 'end') => {
    const last = before(position);
    if (last === undefined) return position;
    if (position < last.decoded.end) return last.encoded[edge];
    return last.encoded.end + position - last.decoded.end;
  };
  return decoded.map(({ start, end }) => ({ start: moved(start, 'start'), end: moved(end, 'end') }));
}

function decodePercent(escape: string): string {
  if (escape.length === 3) return String.fromCharCode(parseInt(escape.slice(1), 16));
  try {
    return decodeURIComponent(escape);
  } catch {
    return escape; // an invalid UTF-8 sequence
  }
}
