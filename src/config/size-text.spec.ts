import { sizeText } from './size-text';

it('rounds down on request, so that what is below a limit does not look equal to it', () => {
  expect([9_960_000, 63_700_000].map((bytes) => sizeText(bytes, Math.floor))).toEqual(['9.9 MB', '63 MB']);
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_240, '1.2 kB'],
  [999_600, '1 MB'],
  [41_000_000, '41 MB'],
  [82_600_000_000, '83 GB'],
])('writes %d bytes as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
