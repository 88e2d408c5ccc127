/** Created once: creation takes about 100 times as long as one use. */
const NUMBERS = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });

export function numberText(value: number): string {
  return NUMBERS.format(value);
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
