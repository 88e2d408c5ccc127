import { plainText } from '../../logs/plain-text';
import { ansiSegments } from './ansi-text';

const classesOf = (raw: string) => ansiSegments(raw).map(({ text, classes }) => [text, classes]);

it('keeps plain text unchanged', () => {
  expect(ansiSegments('<b>a &amp; b</b>\tc')).toEqual([{ text: '<b>a &amp; b</b>\tc', classes: '' }]);
});

it.each([
  ['\x1b[31mred\x1b[0m plain', [['red', 'ansi-red'], [' plain', '']]], // prettier-ignore
  ['\x1b[31mred\x1b[m plain', [['red', 'ansi-red'], [' plain', '']]], // prettier-ignore
  ['\x1b[1;92mok', [['ok', 'ansi-bold ansi-bright-green']]],
  ['\x1b[2;3;4mx', [['x', 'ansi-dim ansi-italic ansi-underline']]],
  ['\x1b[41;37m FAIL ', [[' FAIL ', 'ansi-on-red']]],
  ['\x1b[7mx', [['x', 'ansi-reverse']]],
  ['\x1b[7;32mx', [['x', 'ansi-on-green']]],
  ['\x1b[38;5;196mx', [['x', 'ansi-bright-red']]],
  ['\x1b[38;2;30;90;200mx', [['x', 'ansi-blue']]],
  ['\x1b[38:2::30:90:200mx', [['x', 'ansi-blue']]],
  ['\x1b[38;5;240mx', [['x', 'ansi-bright-black']]],
  ['\x1b[38;5;999mx', [['x', 'ansi-white']]],
  ['\x1b[8mhidden', [['hidden', '']]],
])('renders %j', (raw, expected) => expect(classesOf(raw)).toEqual(expected));

it('removes sequences that move the cursor, set a title or embed a link', () => {
  const raw = '\x1b[2K\x1b[1A\x1b]0;title\x07a\x1b]8;;https://x.example\x1b\\b\x1b]8;;\x1b\\\x1b[?25lc';
  expect(plainText(raw)).toBe('abc');
  expect(ansiSegments(raw).map(({ text }) => text).join('')).toBe('abc'); // prettier-ignore
});

it('leaves nothing of a title with spaces, of a link to a file or of an image', () => {
  const raw =
    '\x1b]0;make: 3 of 7\x07a\x1b]8;id=x;file:///a b\x07\x1b[1mb\x1b]8;;\x07\x1b_Gf=24;AAAA\x1b\\\x1bP0;1|a\x1b\\c';
  expect(plainText(raw)).toBe('abc');
  expect(classesOf(raw)).toEqual([['a', ''], ['bc', 'ansi-bold']]); // prettier-ignore
});

it('shows the last state of an overwritten line', () => {
  expect(plainText('10 %\r50 %\r100 %\r')).toBe('100 %');
  expect(classesOf('\x1b[32m10 %\r20 %')).toEqual([['20 %', 'ansi-green']]);
});

it('makes control and bidirectional characters visible', () => {
  expect(plainText('a\u202egpj.exe')).toBe('a‹U+202E›gpj.exe');
  expect(plainText('a\x00\x07\x7fb\x1b')).toBe('a‹U+0000›‹U+0007›‹U+007F›b‹U+001B›');
  expect(ansiSegments('\x1b[31ma\u2066b\x1b')).toEqual([{ text: 'a‹U+2066›b‹U+001B›', classes: 'ansi-red' }]);
});

it('ignores a sequence with an excessive number of codes', () => {
  expect(ansiSegments(`\x1b[${'1;'.repeat(30_000)}31mx\x1b[32my`)).toEqual([
    { text: 'x', classes: '' },
    { text: 'y', classes: 'ansi-green' },
  ]);
});

it('returns the same text with and without colours', () => {
  const raw = '\x1b[31ma\x1b[Kb\rc\x1b[0m\u200fd\x1b[';
  expect(ansiSegments(raw).map(({ text }) => text).join('')).toBe(plainText(raw)); // prettier-ignore
});

it('handles 64 KiB lines of escape sequences in linear time and with bounded output', () => {
  const before = process.cpuUsage();
  for (const piece of [
    '\x1b[31mx',
    '\x1b',
    '\x1b[',
    '\x1b]',
    '\x9b',
    '\r',
    '\x1b[31;',
    `\x1b[${'1;'.repeat(30_000)}m`,
    '\u202e',
    '\x1b]8;;',
  ]) {
    const raw = piece.repeat(65_536 / piece.length);
    expect(ansiSegments(raw).length).toBeLessThanOrEqual(401);
    plainText(raw);
  }
  expect(plainText(`${'\r'.repeat(65_535)}x`)).toBe('x');
  // CPU time, so that other load does not count. A quadratic algorithm would take minutes.
  expect(process.cpuUsage(before).user).toBeLessThan(10_000_000);
});
