/** The name of a schedule that has none in its file, because it is the only one. */
export const DEFAULT_SCHEDULE = 'default';

/** Returns the name of a schedule for people; null for a single one that has none in its file. */
export function shownScheduleName(name: string): string | null {
  return name === DEFAULT_SCHEDULE ? null : name;
}
