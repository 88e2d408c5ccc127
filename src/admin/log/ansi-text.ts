import { type Color, createAnsiSequenceParser, createColorPalette } from 'ansi-sequence-parser';
import { cleaned, plainText } from '../../logs/plain-text';

/** A part of a line with one style. `text` is not yet escaped for HTML. */
export interface Segment {
  text: string;
  /** CSS class names; empty for plain text. */
  classes: string;
}

/** The maximum number of style changes in a line; the rest of the line has no new styles. */
export const MAX_STYLES = 400;
/** Longer sequences have no meaning, and the parser needs time quadratic in their length. */
const MAX_CODES_LENGTH = 64;

/** Returns the text of `plainText` in segments with their colours. */
export function ansiSegments(raw: string): Segment[] {
  if (!raw.includes('\x1b')) return [{ text: plainText(raw), classes: '' }];
  let styles = 0;
  const text = cleaned(raw, (codes) => {
    if (codes.length > MAX_CODES_LENGTH || ++styles > MAX_STYLES) return '';
    return `\x1b[${parserForm(codes)}m`;
  });
  const tokens = createAnsiSequenceParser().parse(text);
  return tokens.map(({ value, foreground, background, decorations }) => {
    const isReverse = decorations.has('reverse');
    const [fore, back] = isReverse ? [background, foreground] : [foreground, background];
    const classes = (['bold', 'dim', 'italic', 'underline', 'strikethrough'] as const)
      .filter((name) => decorations.has(name))
      .map((name) => `ansi-${name}`);
    // Text on a background colour always gets a readable text colour and ignores the requested one.
    if (back) classes.push(`ansi-on-${nameOf(back)}`);
    else if (isReverse) classes.push('ansi-reverse');
    else if (fore) classes.push(`ansi-${nameOf(fore)}`);
    return { text: value, classes: classes.join(' ') };
  });
}

/** Converts codes to the form that the parser accepts: an explicit reset, and semicolons instead of colons. */
function parserForm(codes: string): string {
  if (codes === '') return '0';
  return codes
    .replace(/([34]8):2:\d*:(\d+):(\d+):(\d+)/g, '$1;2;$2;$3;$4')
    .replace(/(?<start>^|;)4:0/g, '$<start>24')
    .replace(/(?<start>^|;)4:\d/g, '$<start>4')
    .replaceAll(':', ';')
    .replace(/(?<start>^|;)(?=;|$)/g, '$<start>0');
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const palette = createColorPalette();
const nearest = new Map<string, string>();

/** Maps a colour to one of the 16 with a CSS class. Others may be unreadable on a light or dark background. */
function nameOf(color: Color): string {
  if (color.type === 'named') return kebab(color.name);
  const hex = palette.value(color);
  if (hex === undefined || !/^#[0-9a-f]{6}$/.test(hex)) return 'white';
  const known = nearest.get(hex);
  if (known !== undefined) return known;
  const name = nearestName(hex);
  if (nearest.size < 4096) nearest.set(hex, name);
  return name;
}

/** Matches by hue, because a log reader sees pale red as red rather than grey. */
function nearestName(hex: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [
    number,
    number,
    number,
  ];
  const [low, high] = [Math.min(red, green, blue), Math.max(red, green, blue)];
  const isBright = high > 200;
  if (high - low < 40) {
    if (high < 64) return 'black';
    return high < 160 ? 'bright-black' : isBright ? 'bright-white' : 'white';
  }
  const middle = (low + high) / 2;
  const bits = (red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0);
  return `${isBright ? 'bright-' : ''}${NAMES[bits]}`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
}
