import { numberText, sizeText } from './number-text';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_240, '1.2 kB'],
  [999_600, '1.0 MB'],
  [41_000_000, '41 MB'],
])('writes %d bytes as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

it('groups digits of large numbers and rounds long fractions', () => {
  expect(numberText(12_345.678_9)).toBe('12,345.679');
});
