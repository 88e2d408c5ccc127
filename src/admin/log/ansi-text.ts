import { stripVTControlCharacters } from 'node:util';
import { type Color, createAnsiSequenceParser, createColorPalette } from 'ansi-sequence-parser';

/** A piece of a line that looks the same throughout. It is text, to be written as text. */
export interface Segment {
  text: string;
  /** Names of classes; empty for plain text. */
  classes: string;
}

/** Colours and decorations: what of all terminal sequences is shown. Others move a cursor that is not there. */
const STYLE = /\x1b\[([\d;:]*)m/g;
const SPECIAL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;
const EACH_SPECIAL = new RegExp(SPECIAL.source, 'g');
/** A line has colours in as many places at most; the rest of it is plain. */
export const MAX_STYLES = 400;
/** Longer sequences mean nothing, and take the parser time that grows with the square of their length. */
const MAX_CODES_LENGTH = 64;

/** What a reader reads: the last state of a line that was written over, without colours, nothing hidden in it. */
export function plainText(raw: string): string {
  return SPECIAL.test(raw) ? cleaned(raw, () => '') : raw;
}

/** The same text with its colours. */
export function ansiSegments(raw: string): Segment[] {
  if (!raw.includes('\x1b')) return [{ text: plainText(raw), classes: '' }];
  let styles = 0;
  const text = cleaned(raw, (codes) => {
    if (codes.length > MAX_CODES_LENGTH || ++styles > MAX_STYLES) return '';
    return `\x1b[${usualForm(codes)}m`;
  });
  const tokens = createAnsiSequenceParser().parse(text);
  return tokens.map(({ value, foreground, background, decorations }) => {
    const isReverse = decorations.has('reverse');
    const [fore, back] = isReverse ? [background, foreground] : [foreground, background];
    const classes = (['bold', 'dim', 'italic', 'underline', 'strikethrough'] as const)
      .filter((name) => decorations.has(name))
      .map((name) => `ansi-${name}`);
    // On a colour the text is always in the one that can be read there, whatever was wanted.
    if (back) classes.push(`ansi-on-${nameOf(back)}`);
    else if (isReverse) classes.push('ansi-reverse');
    else if (fore) classes.push(`ansi-${nameOf(fore)}`);
    return { text: value, classes: classes.join(' ') };
  });
}

function cleaned(raw: string, style: (codes: string) => string): string {
  const line = lastState(raw);
  let clean = '';
  let end = 0;
  for (const match of line.matchAll(STYLE)) {
    clean += harmless(line.slice(end, match.index)) + style(match[1]!);
    end = match.index + match[0].length;
  }
  return clean + harmless(line.slice(end));
}

/** A progress bar writes over its line again and again: what it showed last stays, in the colours set before. */
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
 * Control characters are shown, not obeyed; among them those that turn the direction of writing, by which a text can
 * look like another one.
 */
function harmless(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return stripVTControlCharacters(text).replace(EACH_SPECIAL, (character) => {
    return `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`;
  });
}

/** As the parser knows it: a reset is written out, and colons part as semicolons do. */
function usualForm(codes: string): string {
  if (codes === '') return '0';
  return codes
    .replace(/([34]8):2:\d*:(\d+):(\d+):(\d+)/g, '$1;2;$2;$3;$4')
    .replace(/(^|;)4:0/g, '$124')
    .replace(/(^|;)4:\d/g, '$14')
    .replaceAll(':', ';')
    .replace(/(^|;)(?=;|$)/g, '$10');
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const palette = createColorPalette();
const nearest = new Map<string, string>();

/** One of the sixteen that have a class: no other can be sure to be read on light and on dark. */
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

/** By hue: a pale red is nearer to red than to grey for one who reads a log. */
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
