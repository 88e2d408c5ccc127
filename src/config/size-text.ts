/** Sizes that people read or set are in units of 1,000, as disks and file managers show them. Written MB. */
export const MEGABYTE = 1000 * 1000;

const UNITS = ['kB', 'MB', 'GB', 'TB'];

/** Returns a size such as "1.2 kB" or "83 GB". */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}
