import type { Environment } from '../config/environment';
import { maskingOf } from './mask-rules';
import type { StepDefinition } from './project';

/** A variable in `passEnv` that is missing where the step runs, or whose value cannot be masked. */
export interface PassEnvNote {
  code: 'not-set' | 'too-short' | 'boolean';
  variable: string;
}

/** Returns one note for each such variable of the steps. A variable with a value in `env` is not passed through. */
export function passEnvNotes(
  steps: Pick<StepDefinition, 'env' | 'passEnv'>[],
  environment: Environment,
): PassEnvNote[] {
  const names = new Set(
    steps.flatMap(({ env, passEnv }) => passEnv.filter((name) => !Object.hasOwn(env, name))),
  );
  return [...names].flatMap((variable): PassEnvNote[] => {
    const value = environment[variable];
    if (value === undefined) return [{ code: 'not-set', variable }];
    if (value === '') return []; // nothing to mask, and some deployments set unused variables to this
    const masking = maskingOf(value);
    return masking === 'too-short' || masking === 'boolean' ? [{ code: masking, variable }] : [];
  });
}

export function passEnvText({ code, variable }: PassEnvNote): string {
  switch (code) {
    case 'not-set':
      return `passEnv: ${variable} is not set in the environment of the worker, so steps start without it.`;
    case 'too-short':
      return (
        `passEnv: the value of ${variable} has fewer than 4 characters, so it is not masked. ` +
        'Use a longer secret, or list the variable in "passPlainEnv".'
      );
    case 'boolean':
      return (
        `passEnv: the value of ${variable} is true or false, so it is not masked. ` +
        'List the variable in "passPlainEnv" instead.'
      );
  }
}
