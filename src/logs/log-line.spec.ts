import { cutLine, MAX_LINE_BYTES } from './log-line';

const MARK = ' … [line cut at 64 KiB]';

describe('cutLine', () => {
  it.each([
    ['an empty line', ''],
    ['a short line', 'hello'],
    ['a line of exactly 64 KiB', 'x'.repeat(MAX_LINE_BYTES)],
    ['a line of exactly 64 KiB in other letters', 'é'.repeat(MAX_LINE_BYTES / 2)],
    ['a line of exactly 64 KiB in emoji', '😀'.repeat(MAX_LINE_BYTES / 4)],
  ])('leaves %s as it is', (_what, text) => expect(cutLine(text)).toBe(text));

  it('cuts a line of one byte more, and says so', () =>
    expect(cutLine('x'.repeat(MAX_LINE_BYTES + 1))).toBe('x'.repeat(MAX_LINE_BYTES) + MARK));

  it.each([
    ['two bytes', 'é'],
    ['three bytes', '中'],
    ['four bytes', '😀'],
  ])('never cuts within a character of %s, wherever the limit falls', (_what, character) => {
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
