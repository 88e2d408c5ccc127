const ESCAPE = '\u001b';
/** Colours and weights, the one kind of escape sequence that changes nothing but how text looks. */
const COLOUR = new RegExp(`${ESCAPE}\\[[0-9;:]*m`, 'g');
// C0 without tab, DEL, and C1, whose members some terminals take for escape sequences too.
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;
const RESET = `${ESCAPE}[0m`;

/**
 * Text that came from a command, fit for a terminal: colours stay, whatever could move the cursor, change the
 * title or fill the clipboard is shown instead of obeyed.
 */
export function harmless(text: string): string {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text;
  if (line.search(CONTROL) < 0) return line;
  let shown = '';
  let end = 0;
  for (const { 0: colour, index } of line.matchAll(COLOUR)) {
    shown += visible(line.slice(end, index)) + colour;
    end = index + colour.length;
  }
  shown += visible(line.slice(end));
  return end > 0 ? shown + RESET : shown;
}

/** Text from outside within a line of ours: neither colours nor line breaks. */
export function oneLine(text: string): string {
  return visible(text.replace(COLOUR, '').replace(/\s+/g, ' ')).trim();
}

function visible(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    if (code === 0x7f) return '␡';
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '�';
  });
}
