import { textSize } from './text-size';

it('counts texts and buffers in a value', () => {
  expect(textSize('x'.repeat(1000))).toBeGreaterThanOrEqual(2000);
  expect(
    textSize({ lines: [{ text: 'x'.repeat(1000) }, { text: 'y'.repeat(1000) }] }),
  ).toBeGreaterThanOrEqual(4000);
  expect(textSize({ bytes: Buffer.alloc(5000) })).toBeGreaterThanOrEqual(5000);
  expect(textSize(null)).toBeLessThan(100);
});

it('does not enter maps and sets', () => {
  const pending = new Map(Array.from({ length: 1000 }, (_, id) => [id, 'x'.repeat(1000)]));
  expect(textSize({ name: 'group', pending })).toBeLessThan(200);
});
