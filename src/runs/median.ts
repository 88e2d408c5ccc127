/** Returns the median. Unlike a mean, it ignores a single run that hung for hours. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
