import stringWidth from 'string-width';

const ELLIPSIS = '…';
const characters = new Intl.Segmenter();

/** Returns the text, padded with spaces to this many columns of the terminal. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** Returns the start of the text that fits into this many columns of the terminal; cut text ends with "…". */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let shown = '';
  let rest = width - stringWidth(ELLIPSIS);
  for (const { segment } of characters.segment(text)) {
    rest -= stringWidth(segment);
    if (rest < 0) break;
    shown += segment;
  }
  return `${shown.trimEnd()}${ELLIPSIS}`;
}
