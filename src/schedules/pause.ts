import type { Instant } from '../clock/clock';

/** The scope of a pause: a project, or all projects. */
export const ALL_PROJECTS = '*';

/** While a pause is in force, schedules do not start runs. */
export interface Pause {
  /** The id of a project, or `ALL_PROJECTS`. */
  scope: string;
  pausedAt: Instant;
  /** The user whom a trusted proxy named, else `page` or `api`. */
  pausedBy: string;
  reason: string | null;
  /** When the pause ends; null if it lasts until it is removed. */
  until: Instant | null;
}

/** Returns whether a pause is in force at an instant. */
export function isInForce({ pausedAt, until }: Pause, at: Instant): boolean {
  return pausedAt <= at && (until === null || at < until);
}

/** Returns the pause of all projects or, without one, that of the project. Null if neither is in force. */
export function pauseAt(pauses: readonly Pause[], projectId: string, at: Instant): Pause | null {
  const inForce = pauses.filter((pause) => isInForce(pause, at));
  return (
    inForce.find(({ scope }) => scope === ALL_PROJECTS) ??
    inForce.find(({ scope }) => scope === projectId) ??
    null
  );
}
