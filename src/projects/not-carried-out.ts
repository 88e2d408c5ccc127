import type { ProjectDefinition } from './project';

/** What a file asks for and this version does not do, in words: better said than silently left out. */
export function notCarriedOut({ schedule, quota, inputs, executor }: ProjectDefinition): string[] {
  return [
    schedule && 'The schedule is not carried out: this version starts runs only when it is asked to.',
    quota && 'The quota is not kept: this version counts no calls and refuses no run because of them.',
    inputs && 'No inputs are computed: runs of this project are started without runInputs.',
    executor === 'external' &&
      'No external worker can reach this version yet: a run waits until it is stopped, or its claimTimeoutSeconds end.',
  ].filter((note): note is string => typeof note === 'string');
}
