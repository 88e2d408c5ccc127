/** Sizes that people read are in units of 1,000, as disks and file managers show them. */
export const MEGABYTE = 1000 * 1000;

/**
 * The unit of `LOG_LIMIT_MB` and `ARTIFACT_LIMIT_MB`: a little more, so that no file is refused for the difference
 * between the two meanings of MB.
 */
export const LIMIT_MEGABYTE = 1024 * 1024;

const UNITS = ['kB', 'MB', 'GB', 'TB'];

/** Returns a size such as "1.2 kB" or "83 GB". */
export function sizeText(bytes: number, round = Math.round): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const tenths = round(value * 10) / 10;
  return `${tenths < 10 ? tenths : round(value)} ${UNITS[unit]}`;
}

/** Returns one of these limits as it was set. */
export function sizeLimitText(bytes: number): string {
  return `${Math.round(bytes / LIMIT_MEGABYTE)} MB`;
}
