/** Created once: creation takes about 100 times as long as one use. */
const NUMBERS = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });

export function numberText(value: number): string {
  return NUMBERS.format(value);
}
