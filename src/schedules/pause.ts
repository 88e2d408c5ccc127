import type { Instant } from '../clock/clock';

/** The scope of a pause: a project, or all projects. */
export const ALL_PROJECTS = '*';

/** While a pause is in force, schedules do not start runs. */
export interface Pause {
  /** The id of a project, or `ALL_PROJECTS`. */
  scope: string;
  pausedAt: Instant;
  /** The user whom a trusted proxy named, else `page` or `api`; `restore` after the restore of a backup. */
  pausedBy: string;
  reason: string | null;
  /** When the pause ends; null if it lasts until it is removed. */
  until: Instant | null;
}

/**
 * Returns whether a stored pause is in force now. Its beginning does not matter: it lies in the future if the clock was
 * set back since.
 */
export function isInForce({ until }: Pause, now: Instant): boolean {
  return until === null || now < until;
}

/** Returns whether a pause was in force at a due time. */
export function covers({ pausedAt, until }: Pause, dueAt: Instant): boolean {
  return pausedAt <= dueAt && (until === null || dueAt < until);
}

/** Returns whether a pause concerns a project. */
export function concerns({ scope }: Pause, projectId: string): boolean {
  return scope === ALL_PROJECTS || scope === projectId;
}
