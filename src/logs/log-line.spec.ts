import { cutLine, MAX_LINE_BYTES } from './log-line';

const MARK = ' … [line cut at 64 KiB]';

describe('cutLine', () => {
  it.each([
    ['an empty line', ''],
    ['a short line', 'hello'],
    ['a line of exactly 64 KiB', 'x'.repeat(MAX_LINE_BYTES)],
    ['a line of exactly 64 KiB in two-byte characters', 'é'.repeat(MAX_LINE_BYTES / 2)],
    ['a line of exactly 64 KiB in emoji', '😀'.repeat(MAX_LINE_BYTES / 4)],
  ])('keeps %s unchanged', (_what, text) => expect(cutLine(text)).toBe(text));

  it('truncates a line that is one byte too long, and marks it', () =>
    expect(cutLine('x'.repeat(MAX_LINE_BYTES + 1))).toBe('x'.repeat(MAX_LINE_BYTES) + MARK));

  it.each([
    ['two bytes', 'é'],
    ['three bytes', '中'],
    ['four bytes', '😀'],
  ])('never splits a character of %s', (_what, character) => {
    for (let before = 0; before < 4; before++) {
      const text = 'x'.repeat(before) + character.repeat(MAX_LINE_BYTES);
      const cut = cutLine(text);
      expect(cut.endsWith(MARK)).toBe(true);
      const kept = cut.slice(0, -MARK.length);
      expect(text.startsWith(kept)).toBe(true);
      expect(kept).not.toMatch(/\uFFFD/);
      const bytes = Buffer.byteLength(kept);
      expect(bytes).toBeLessThanOrEqual(MAX_LINE_BYTES);
      expect(bytes).toBeGreaterThan(MAX_LINE_BYTES - Buffer.byteLength(character));
    }
  });
});
