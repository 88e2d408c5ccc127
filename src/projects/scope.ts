import type { ProjectDefinition } from './project';

export const FULL_SCOPE = 'full';

/** Every scope that a run of this project can have, the built-in ones last but for `full`. */
export function scopesOf({ steps, scopes }: Pick<ProjectDefinition, 'steps' | 'scopes'>): string[] {
  const names = steps.map(({ name }) => name);
  return [
    FULL_SCOPE,
    ...Object.keys(scopes),
    ...names.slice(1).map((name) => `from:${name}`),
    ...names.map((name) => `only:${name}`),
  ];
}

/** The names of the steps that a scope carries out, in the pipeline's order; null if there is no such scope. */
export function stepsInScope(
  { steps, scopes }: Pick<ProjectDefinition, 'steps' | 'scopes'>,
  scope: string,
): string[] | null {
  const names = steps.map(({ name }) => name);
  if (scope === FULL_SCOPE) return names;
  if (Object.hasOwn(scopes, scope)) {
    const chosen = new Set(scopes[scope]);
    return names.filter((name) => chosen.has(name));
  }
  const [, kind, step] = /^(from|only):(.+)$/.exec(scope) ?? [];
  const index = step === undefined ? -1 : names.indexOf(step);
  if (index < 0) return null;
  return kind === 'from' ? names.slice(index) : [names[index]!];
}
