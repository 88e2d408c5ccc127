import { SeededRandom } from '../../test/support/random';
import { addNumber, type NumberRanges } from './seen-numbers';

const rangesOf = (...numbers: number[]): NumberRanges => {
  const ranges: NumberRanges = [];
  for (const n of numbers) addNumber(ranges, n);
  return ranges;
};

describe('addNumber', () => {
  it.each<[string, number[], NumberRanges]>([
    ['numbers in order are one range', [1, 2, 3], [[1, 3]]],
    ['numbers in reverse order are one range', [3, 2, 1], [[1, 3]]],
    [
      'a gap divides',
      [1, 2, 5],
      [
        [1, 2],
        [5, 5],
      ],
    ],
    ['a late number closes its gap', [1, 3, 2], [[1, 3]]],
    [
      'a number within a larger gap is a range',
      [1, 9, 5],
      [
        [1, 1],
        [5, 5],
        [9, 9],
      ],
    ],
    [
      'zero and large numbers count',
      [0, Number.MAX_SAFE_INTEGER],
      [
        [0, 0],
        [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
      ],
    ],
  ])('merges ranges: %s', (_what, numbers, ranges) => expect(rangesOf(...numbers)).toEqual(ranges));

  it.each(Array.from({ length: 50 }, (_, seed) => seed))(
    'matches a set, and keeps ranges sorted (seed %d)',
    (seed) => {
      const random = new SeededRandom(seed);
      const ranges: NumberRanges = [];
      const set = new Set<number>();
      for (let step = 0; step < 1000; step++) {
        // Mostly in order, with duplicates and late numbers, as for lines that are sent twice.
        const n = Math.max(0, Math.floor(step / 2) + random.integer(-30, 10));
        expect(addNumber(ranges, n)).toBe(!set.has(n));
        set.add(n);
      }
      expect(
        ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)),
      ).toEqual([...set].sort((a, b) => a - b));
      for (let i = 1; i < ranges.length; i++) expect(ranges[i]![0]).toBeGreaterThan(ranges[i - 1]![1] + 1);
    },
  );

  it('keeps at most 1,000 ranges, and then treats missing numbers as seen', () => {
    const ranges: NumberRanges = [];
    for (let n = 0; n < 5000; n++) addNumber(ranges, 2 * n);
    expect(ranges.length).toBe(1000);
    expect(addNumber(ranges, 2)).toBe(false);
    expect(addNumber(ranges, 1)).toBe(false);
    expect(addNumber(ranges, 9997)).toBe(true);
    expect(addNumber(ranges, 10_000)).toBe(true);
  });
});
