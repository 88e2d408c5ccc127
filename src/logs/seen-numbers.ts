/** Whole numbers as ascending, disjoint, non-adjacent ranges, ends included: `[[1, 40], [42, 42]]`. */
export type NumberRanges = [number, number][];

/** Maximum number of ranges. A sender with more gaps numbers its lines at random, which is not supported. */
const MAX_RANGES = 1000;

/**
 * Adds a number and changes the ranges in place.
 * @returns false if the number was there already
 */
export function addNumber(ranges: NumberRanges, n: number): boolean {
  // Search from the end, because numbers are mostly in order.
  let index = ranges.length;
  while (index > 0 && ranges[index - 1]![0] > n) index--;
  const before = ranges[index - 1];
  const after = ranges[index];
  if (before && n <= before[1]) return false;

  const joinsBefore = before !== undefined && before[1] + 1 === n;
  const joinsAfter = after !== undefined && after[0] - 1 === n;
  if (joinsBefore && joinsAfter) {
    before[1] = after[1];
    ranges.splice(index, 1);
  } else if (joinsBefore) before[1] = n;
  else if (joinsAfter) after[0] = n;
  else ranges.splice(index, 0, [n, n]);

  if (ranges.length > MAX_RANGES) {
    // Closes the oldest gap: a late line for it is dropped, which is better than showing a line twice.
    const [oldest] = ranges.splice(0, 1);
    ranges[0]![0] = oldest![0];
  }
  return true;
}
