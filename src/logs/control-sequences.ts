/**
 * Strings for the terminal: titles, links, images, notifications (OSC, DCS, APC, PM and SOS of ECMA-48). Only complete
 * ones, so that a stray introducer hides no text. The text of a link is outside of them and stays.
 */
const STRINGS = /(?:\x1b[P\]X^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\n]*(?:\x07|\x1b\\|\x9c)/g;
/** Colours, movements of the cursor (CSI), and escape sequences of two or more characters. */
const COMMANDS = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-OQ-WYZ\\`-~]/g;
/** The start of a sequence that the program has not written to its end. */
const UNFINISHED =
  /(?:\x1b(?:[P\]X^_][^\x07\x1b]*\x1b?|\[[0-?]*[ -/]*|[ -/]*)?|[\x90\x98\x9b\x9d-\x9f][^\x07\x1b]*)$/;
/** Colours and decorations. */
const STYLE = /\x1b\[[\d;:]*m/g;
const RESET = /\x1b\[0*m/;
/** The styles that a text keeps for the text after it. */
const MAX_STYLES = 20;
/** No program writes a longer one. */
const MAX_UNFINISHED = 4096;

/**
 * Removes all sequences. `util.stripVTControlCharacters` leaves parts of titles with spaces, of links to files and of
 * images, and so does the package strip-ansi.
 */
export function withoutSequences(text: string): string {
  return text.replace(STRINGS, '').replace(COMMANDS, '');
}

/** Removes titles, links and images only, for a reader that shows colours. */
export function withoutStrings(text: string): string {
  return text.replace(STRINGS, '');
}

/** Removes a sequence that has begun at the end of a text. */
export function withoutUnfinished(text: string): string {
  const from = Math.max(0, text.length - MAX_UNFINISHED);
  return text.slice(0, from) + text.slice(from).replace(UNFINISHED, '');
}

/** Returns the styles that are set at the end of a text. */
export function stylesIn(text: string): string {
  const styles = text.match(STYLE) ?? [];
  const reset = styles.findLastIndex((style) => RESET.test(style));
  return styles
    .slice(reset + 1)
    .slice(-MAX_STYLES)
    .join('');
}
