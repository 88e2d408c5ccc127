import type { StepDefinition, StepWhen } from './project';

/** The members of a step that decide when it starts. */
export type GraphStep = Pick<StepDefinition, 'name' | 'needs' | 'when' | 'continueOnError'>;

/** A step of a scope, with the steps of the same scope that must end before it starts. */
export interface PlannedStep {
  name: string;
  when: StepWhen;
  continueOnError: boolean;
  after: string[];
}

/** Pages and triggers ask for the needs of the same definition again and again, and it can have a thousand steps. */
const NEEDS = new WeakMap<readonly GraphStep[], ReadonlyMap<string, string[]>>();
const DEPENDENTS = new WeakMap<readonly GraphStep[], ReadonlyMap<string, string[]>>();

/**
 * Returns the steps that each step waits for, in the order of the file. Without any `needs` in the file, each step waits
 * for the previous one. A step with `when: failure` or `when: always` and without `needs` waits for all ordinary steps.
 */
export function needsOf(steps: readonly GraphStep[]): ReadonlyMap<string, string[]> {
  const known = NEEDS.get(steps) ?? computeNeeds(steps);
  NEEDS.set(steps, known);
  return known;
}

function computeNeeds(steps: readonly GraphStep[]): Map<string, string[]> {
  const isSequence = steps.every(({ needs }) => needs === null);
  const ordinary = steps.filter(({ when }) => when === 'success').map(({ name }) => name);
  const all = new Map<string, string[]>();
  let previous: string | null = null;
  let previousHandler: string | null = null;
  for (const { name, needs, when } of steps) {
    if (when !== 'success' && (needs === null || needs.length === 0)) {
      // In a sequence these steps follow one another too.
      all.set(name, previousHandler === null ? ordinary : [...ordinary, previousHandler]);
      if (isSequence) previousHandler = name;
    } else if (isSequence) {
      all.set(name, previous === null ? [] : [previous]);
      previous = name;
    } else {
      all.set(name, needs ?? []);
    }
  }
  return all;
}

/**
 * Returns the steps of a scope with the order among them. Needs outside the scope count as met, but the order of two
 * steps remains if only steps outside the scope connect them.
 * @param only a step that runs without regard to its `when`, because the scope names it
 */
export function planOf(
  steps: readonly GraphStep[],
  scope: readonly string[],
  only: string | null,
): PlannedStep[] {
  const inScope = new Set(scope);
  const needs = needsOf(steps);
  const nearest = new Map<string, string[]>();
  const nearestInScope = (name: string): string[] => {
    const known = nearest.get(name);
    if (known !== undefined) return known;
    const found = (needs.get(name) ?? []).flatMap((need) =>
      inScope.has(need) ? [need] : nearestInScope(need),
    );
    const unique = [...new Set(found)];
    nearest.set(name, unique);
    return unique;
  };
  return steps
    .filter(({ name }) => inScope.has(name))
    .map(({ name, when, continueOnError }) => ({
      name,
      when: name === only ? 'success' : when,
      continueOnError,
      after: nearestInScope(name),
    }));
}

/** Returns the step and all steps that need it, directly or through others, in the order of the file. */
export function withDependents(steps: readonly GraphStep[], name: string): string[] {
  const reached = reachedFrom([name], dependentsOf(steps));
  return steps.map((step) => step.name).filter((each) => reached.has(each));
}

/** Returns the steps that a step needs, directly or through others, in the order of the file. */
export function ancestorsOf(steps: readonly GraphStep[], name: string): string[] {
  return ancestorsOfAll(steps, [name]);
}

/** Returns the other steps that any of these steps needs, directly or through others, in the order of the file. */
export function ancestorsOfAll(steps: readonly GraphStep[], names: readonly string[]): string[] {
  const reached = reachedFrom(names, needsOf(steps));
  for (const name of names) reached.delete(name);
  return steps.map((step) => step.name).filter((each) => reached.has(each));
}

function dependentsOf(steps: readonly GraphStep[]): ReadonlyMap<string, string[]> {
  const known = DEPENDENTS.get(steps);
  if (known !== undefined) return known;
  const dependents = new Map<string, string[]>(steps.map(({ name }) => [name, []]));
  for (const [step, needs] of needsOf(steps)) for (const need of needs) dependents.get(need)?.push(step);
  DEPENDENTS.set(steps, dependents);
  return dependents;
}

/** Returns the names of a cycle, each needing the next one; null if there is none. Ignores unknown names. */
export function findCycle(steps: readonly GraphStep[]): string[] | null {
  const needs = needsOf(steps);
  const done = new Set<string>();
  for (const { name } of steps) {
    const cycle = cycleFrom(name, needs, done);
    if (cycle !== null) return cycle;
  }
  return null;
}

/** Depth-first, with its own stack: a file may have a chain of a thousand steps. */
function cycleFrom(start: string, needs: ReadonlyMap<string, string[]>, done: Set<string>): string[] | null {
  const path: { name: string; left: string[] }[] = [];
  const enter = (name: string) => path.push({ name, left: [...(needs.get(name) ?? [])] });
  if (!done.has(start)) enter(start);
  while (path.length > 0) {
    const { name, left } = path.at(-1)!;
    const next = left.shift();
    if (next === undefined) {
      done.add(name);
      path.pop();
      continue;
    }
    const at = path.findIndex((each) => each.name === next);
    if (at >= 0) return path.slice(at).map((each) => each.name);
    if (!done.has(next) && needs.has(next)) enter(next);
  }
  return null;
}

function reachedFrom(starts: readonly string[], edges: ReadonlyMap<string, string[]>): Set<string> {
  const reached = new Set(starts);
  for (const name of reached) for (const next of edges.get(name) ?? []) reached.add(next);
  return reached;
}
