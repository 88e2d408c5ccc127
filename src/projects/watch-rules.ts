/** Matches patterns within the folder of the server: relative, and without a way up. */
export const WATCH_PATTERN = '^(?!!?/)(?!.*\\.\\.).+$';

/** Returns what is wrong with a pattern of watched files, or null. */
export function whyNoWatchPattern(pattern: string): string | null {
  return new RegExp(WATCH_PATTERN, 's').test(pattern)
    ? null
    : 'must be relative to the folder in which the server was started, and may not contain ".."';
}
