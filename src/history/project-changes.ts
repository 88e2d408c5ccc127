import type { ProjectDefinition, StepDefinition } from '../projects/project';
import { needsOf } from '../projects/step-graph';

/** The project file, the inputs and the watched files of a run, which together determine its result. */
export interface Recipe {
  definition: ProjectDefinition;
  /** JSON text of the inputs; null if the project has none. */
  inputs: string | null;
  /** Fingerprint of the watched files; null if the project watches none, or if it is unknown. */
  watchedFiles: string | null;
}

/** One difference that can lead to another result. */
export type ProjectChange =
  | { kind: 'executor' | 'params' | 'inputs' | 'watched-files' }
  | { kind: 'step-added' | 'step-removed' | 'step-command' | 'step-folder' | 'step-order'; step: string };

/**
 * Returns the differences from an earlier run that can change its result. The name, schedule and time limits cannot.
 */
export function changesSince(then: Recipe, now: Recipe): ProjectChange[] {
  const hasOtherInputs = now.definition.inputs !== null && now.inputs !== null && then.inputs !== now.inputs;
  const hasOtherFiles =
    now.watchedFiles !== null &&
    then.watchedFiles !== null &&
    now.watchedFiles !== then.watchedFiles &&
    // Other patterns match other files, although none may have changed.
    isEqual(then.definition.watch, now.definition.watch);
  return [
    ...definitionChanges(then.definition, now.definition),
    ...(hasOtherInputs ? [{ kind: 'inputs' as const }] : []),
    ...(hasOtherFiles ? [{ kind: 'watched-files' as const }] : []),
  ];
}

function* definitionChanges(then: ProjectDefinition, now: ProjectDefinition): Iterable<ProjectChange> {
  if (then.executor !== now.executor) yield { kind: 'executor' };
  const before = new Map(then.steps.map((step) => [step.name, step]));
  // An added or removed step changes the order of its neighbours too.
  const hasSameSteps =
    then.steps.length === now.steps.length && now.steps.every(({ name }) => before.has(name));
  const orderOf = ({ steps }: ProjectDefinition, { name, when }: StepDefinition) => [
    needsOf(steps).get(name),
    when,
  ];
  for (const step of now.steps) {
    const old = before.get(step.name);
    if (old === undefined) yield { kind: 'step-added', step: step.name };
    else if (!isEqual(programOf(old), programOf(step))) yield { kind: 'step-command', step: step.name };
    else if (old.workingDir !== step.workingDir) yield { kind: 'step-folder', step: step.name };
    else if (hasSameSteps && !isEqual(orderOf(then, old), orderOf(now, step)))
      yield { kind: 'step-order', step: step.name };
    before.delete(step.name);
  }
  for (const name of before.keys()) yield { kind: 'step-removed', step: name };
  if (!isEqual(defaultsOf(then), defaultsOf(now))) yield { kind: 'params' };
}

function programOf({ command, script, env }: StepDefinition): unknown {
  return [command, script, env];
}

function defaultsOf({ params }: ProjectDefinition): [string, unknown][] {
  return Object.entries(params)
    .map(([name, spec]): [string, unknown] => [name, spec.default])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
