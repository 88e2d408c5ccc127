import { SeededRandom } from '../../test/support/random';
import { LineSplitter } from './line-splitter';

const MIB = 1024 * 1024;
const PIECES = [
  'a',
  'Z',
  ' ',
  '\t',
  '\r',
  '\0',
  'é',
  'ß',
  '中',
  '‱',
  '\u2028',
  '\u0085',
  '😀',
  '👩‍👧',
  '\uFEFF',
  '\n',
  '\n\n',
  '\r\n',
];

function randomText(random: SeededRandom): string {
  let text = '';
  for (let left = random.integer(0, 200); left > 0; left--) {
    text += random.pick(PIECES).repeat(random.next() < 0.02 ? random.integer(100, 5000) : 1);
  }
  return text;
}

/** Pushes the bytes in pieces of random length, including empty ones. */
function split(bytes: Buffer, random: SeededRandom, maxLength: number, overwrites = false): string[] {
  const splitter = new LineSplitter(maxLength, overwrites);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = random.pick([0, 1, 1, 2, 3, 7, 64, 1000]);
    lines.push(...splitter.push(bytes.subarray(at, at + length)));
    at += length;
  }
  return [...lines, ...splitter.end()];
}

/** Returns the expected lines. A trailing newline does not start another line. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

describe('LineSplitter', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'returns the lines of a text, independent of its chunks (seed %d)',
    (seed) => {
      const random = new SeededRandom(seed);
      const text = randomText(random);
      expect(split(Buffer.from(text), random, MIB)).toEqual(linesOf(text));
    },
  );

  it.each(Array.from({ length: 50 }, (_, seed) => seed))(
    'returns the start of each line that is too long (seed %d)',
    (seed) => {
      const random = new SeededRandom(seed);
      const maxLength = random.integer(1, 40);
      const text = randomText(random);
      expect(split(Buffer.from(text), random, maxLength)).toEqual(
        linesOf(text).map((line) => line.slice(0, maxLength)),
      );
    },
  );

  it.each(Array.from({ length: 50 }, (_, seed) => seed))(
    'decodes invalid UTF-8 like Buffer, independent of its chunks (seed %d)',
    (seed) => {
      const random = new SeededRandom(seed);
      const bytes = Buffer.from(
        Array.from({ length: 300 }, () => random.pick([0x0a, 0x41, 0x80, 0xc3, 0xe4, 0xf0, 0x9f, 0xff])),
      );
      expect(split(bytes, random, MIB)).toEqual(linesOf(bytes.toString('utf8')));
    },
  );

  it('returns each line as soon as it is complete', () => {
    const splitter = new LineSplitter(100);
    expect(splitter.push(Buffer.from('one\ntw'))).toEqual(['one']);
    expect(splitter.push(Buffer.from('o'))).toEqual([]);
    expect(splitter.push(Buffer.from('\n'))).toEqual(['two']);
    expect(splitter.end()).toEqual([]);
  });

  it('returns empty lines, and none for an empty end', () => {
    const splitter = new LineSplitter(100);
    expect(splitter.push(Buffer.from('\n\na\n'))).toEqual(['', '', 'a']);
    expect(splitter.end()).toEqual([]);
  });

  it('marks a character that is incomplete at the end', () => {
    const splitter = new LineSplitter(100);
    expect(splitter.push(Buffer.from('ab😀').subarray(0, 4))).toEqual([]);
    expect(splitter.end()).toEqual(['ab\uFFFD']);
  });

  it('returns nothing from a second end()', () => {
    const splitter = new LineSplitter(100);
    splitter.push(Buffer.from('last'));
    expect(splitter.end()).toEqual(['last']);
    expect(splitter.end()).toEqual([]);
  });

  it.each([
    ['a\rb\n', ['b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['10 %\r20 %\r', ['20 %']],
    ['a\r\r\rb', ['b']],
    ['a\n\rb\n', ['a', 'b']],
    ['\x1b[32m10 %\r20 %\n', ['\x1b[32m20 %']],
    ['\x1b[32m10 %\x1b[0m\r20 %\n', ['20 %']],
    ['\r\n\r', ['']],
  ])('keeps the last state of overwritten lines, independent of chunks: %j', (text, expected) => {
    for (let seed = 0; seed < 20; seed++)
      expect(split(Buffer.from(text), new SeededRandom(seed), 100, true)).toEqual(expected);
  });

  it('keeps the newest state of a progress bar of 10 MiB without a newline, in bounded memory', () => {
    const splitter = new LineSplitter(1000, true);
    let last = '';
    for (let sent = 0, step = 0; sent < 10 * MIB; sent += last.length) {
      last = `\r\x1b[3${step % 8}m${'#'.repeat(step % 60)} ${step++}`.repeat(50);
      expect(splitter.push(Buffer.from(last))).toEqual([]);
      expect(splitter.open.text.length).toBeLessThanOrEqual(1000);
    }
    const state = last.slice(last.lastIndexOf('\r') + 1);
    expect(splitter.open.text.endsWith(state)).toBe(true);
    expect(splitter.push(Buffer.from('\rdone\x1b[0m\nnext'))).toEqual([
      expect.stringMatching(/done\x1b\[0m$/),
    ]);
    expect(splitter.open).toEqual({ index: 1, text: 'next' });
  });

  it('limits the memory for a line of 10 MiB, and continues after it', () => {
    const splitter = new LineSplitter(1000);
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let sent = 0; sent < 10 * MIB; sent += piece.length) expect(splitter.push(piece)).toEqual([]);
    expect(splitter.push(Buffer.from('\nnext\n'))).toEqual(['x'.repeat(1000), 'next']);
  });

  it('truncates a line of 10 MiB that arrives in one chunk', () =>
    expect(new LineSplitter(1000).push(Buffer.from(`${'x'.repeat(10 * MIB)}\n`))).toEqual([
      'x'.repeat(1000),
    ]));
});
