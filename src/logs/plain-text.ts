import { withoutSequences, withoutStrings } from './control-sequences';

/** Colours and decorations are the only terminal sequences shown. Others move a cursor, which a page does not have. */
const STYLE = /\x1b\[([\d;:]*)m/g;
const SPECIAL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;
const EACH_SPECIAL = new RegExp(SPECIAL.source, 'g');

/**
 * Returns the text as shown: the last state of an overwritten line, without escape sequences. Other invisible characters
 * appear by number, such as ‹U+202E›.
 */
export function plainText(raw: string): string {
  return SPECIAL.test(raw) ? cleaned(raw, () => '') : raw;
}

/** @param style returns what replaces a colour or decoration with these codes */
export function cleaned(raw: string, style: (codes: string) => string): string {
  const line = withoutStrings(lastState(raw)); // first, because a title may contain a colour code
  let clean = '';
  let end = 0;
  for (const match of line.matchAll(STYLE)) {
    clean += harmless(line.slice(end, match.index)) + style(match[1]!);
    end = match.index + match[0].length;
  }
  return clean + harmless(line.slice(end));
}

/** Returns the last state of a line that a progress bar overwrites repeatedly, with the styles set before it. */
function lastState(raw: string): string {
  let end = raw.length;
  while (raw[end - 1] === '\r') end--;
  const line = raw.slice(0, end);
  const from = line.lastIndexOf('\r') + 1;
  if (from === 0) return line;
  const styles = line.slice(0, from).match(STYLE) ?? [];
  return styles.slice(-20).join('') + line.slice(from);
}

/**
 * Makes control characters visible and inactive. This includes bidirectional controls, which can make a text
 * look like another one.
 */
function harmless(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return withoutSequences(text).replace(EACH_SPECIAL, (character) => {
    return `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`;
  });
}
