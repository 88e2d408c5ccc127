/** Whole numbers as ascending, disjoint, non-adjacent ranges, ends included: `[[1, 40], [42, 42]]`. */
export type NumberRanges = [number, number][];

/** How many holes are remembered. A sender with more than these numbers its lines at random, and we do not follow. */
const MAX_RANGES = 1000;

/** Adds a number. @returns false if it was there already; the ranges are changed in place. */
export function addNumber(ranges: NumberRanges, n: number): boolean {
  // Numbers come in order but for a rare late one, so the place is nearly always at the end.
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
    // Forgets the oldest hole: a line that would still fill it is dropped rather than shown twice.
    const [oldest] = ranges.splice(0, 1);
    ranges[0]![0] = oldest![0];
  }
  return true;
}
