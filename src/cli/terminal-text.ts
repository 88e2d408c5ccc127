import { withoutSequences, withoutStrings } from '../logs/control-sequences';

const ESCAPE = '\u001b';
/** Colours and weights, the only escape sequences that change just the look of text. */
const COLOUR = new RegExp(`${ESCAPE}\\[[0-9;:]*m`, 'g');
// C0 without tab, DEL, and C1, which some terminals also interpret as escape sequences.
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;
/** Overrides and isolates, which would reorder the rest of the line. */
const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/g;
const RESET = `${ESCAPE}[0m`;

/**
 * Makes the output of a command safe for a terminal. Colours stay. Sequences that move the cursor, change the title,
 * link or fill the clipboard are removed; other control characters become visible symbols.
 */
export function harmless(text: string): string {
  const raw = text.endsWith('\r') ? text.slice(0, -1) : text;
  if (raw.search(CONTROL) < 0) return raw;
  const line = withoutStrings(raw);
  let shown = '';
  let end = 0;
  for (const { 0: colour, index } of line.matchAll(COLOUR)) {
    shown += visible(line.slice(end, index)) + colour;
    end = index + colour.length;
  }
  shown += visible(line.slice(end));
  return end > 0 ? shown + RESET : shown;
}

/** Makes foreign text safe inside a line of the CLI: no colours, no line breaks, and no change of direction. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, ' ')).replace(DIRECTION, '�').trim();
}

function visible(text: string): string {
  return withoutSequences(text).replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    if (code === 0x7f) return '␡';
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '�';
  });
}
