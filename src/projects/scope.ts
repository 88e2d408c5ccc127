import type { ProjectDefinition } from './project';
import { withDependents } from './step-graph';

export const FULL_SCOPE = 'full';

/** Returns every scope that a run of this project can have: `full`, the named scopes, then the other built-in ones. */
export function scopesOf({ steps, scopes }: Pick<ProjectDefinition, 'steps' | 'scopes'>): string[] {
  const names = steps.map(({ name }) => name);
  return [
    FULL_SCOPE,
    ...Object.keys(scopes),
    ...startsOf({ steps }).map((name) => `from:${name}`),
    ...names.map((name) => `only:${name}`),
  ];
}

/** Returns the steps from which a run may start. In a sequence, starting from the first step equals the full scope. */
export function startsOf({ steps }: Pick<ProjectDefinition, 'steps'>): string[] {
  const names = steps.map(({ name }) => name);
  return steps.every(({ needs }) => needs === null) ? names.slice(1) : names;
}

/** Returns the names of the steps in a scope, in the order of the file; null for an unknown scope. */
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
  const step = stepNamedBy(scope);
  if (step === null || !names.includes(step)) return null;
  return scope.startsWith('from:') ? withDependents(steps, step) : [step];
}

/** Returns the step that a built-in scope names; null for other scopes. Named scopes have no colon. */
export function stepNamedBy(scope: string): string | null {
  return /^(?:from|only):(.+)$/.exec(scope)?.[1] ?? null;
}
