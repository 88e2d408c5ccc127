import type { ProjectDefinition } from './project';

/** What a file asks for and this version does not do, in words: better said than silently left out. */
export function notCarriedOut({ schedule }: ProjectDefinition): string[] {
  return schedule === null
    ? []
    : ['The schedule is not carried out: this version starts runs only when it is asked to.'];
}
