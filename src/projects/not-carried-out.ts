import type { ProjectDefinition } from './project';

/**
 * Returns a note for each setting of the file that this version ignores. The notes prevent a setting from having
 * silently no effect.
 */
export function notCarriedOut({ schedule }: ProjectDefinition): string[] {
  return schedule === null
    ? []
    : ['The schedule has no effect, because this version does not start runs on a schedule.'];
}
