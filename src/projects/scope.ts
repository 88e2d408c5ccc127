import type { ProjectDefinition } from './project';

export const FULL_SCOPE = 'full';

/** Returns every scope that a run of this project can have: `full`, the named scopes, then the other built-in ones. */
export function scopesOf({ steps, scopes }: Pick<ProjectDefinition, 'steps' | 'scopes'>): string[] {
  const names = steps.map(({ name }) => name);
  return [
    FULL_SCOPE,
    ...Object.keys(scopes),
    ...names.slice(1).map((name) => `from:${name}`),
    ...names.map((name) => `only:${name}`),
  ];
}

/** Returns the names of the steps in a scope, in the order of the pipeline; null for an unknown scope. */
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
