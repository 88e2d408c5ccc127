import type { StepOutputs } from '../events/run-event';
import { referencesIn } from '../projects/placeholders';
import type { ProjectDefinition } from '../projects/project';
import { ancestorsOfAll } from '../projects/step-graph';
import type { Run } from './run';

type Pipeline = Pick<ProjectDefinition, 'steps'>;

/** Returns the steps outside a scope whose outputs the steps of the scope receive. */
export function stepsBefore({ steps }: Pipeline, scope: readonly string[]): string[] {
  if (scope.length === steps.length) return [];
  return ancestorsOfAll(steps, scope);
}

/** Returns the outputs that these steps reported in a run, or received from an earlier one. Failed steps are left out. */
export function outputsOf(
  { steps, outputs, earlierOutputs }: Pick<Run, 'steps' | 'outputs' | 'earlierOutputs'>,
  names: readonly string[],
): StepOutputs {
  const completed = new Set(steps.filter(({ status }) => status === 'completed').map(({ name }) => name));
  return Object.fromEntries(
    names.flatMap((name) => {
      // A step that completed without outputs has none now, and not those of a run before.
      if (completed.has(name)) return [[name, ownMember(outputs, name) ?? {}]];
      const earlier = ownMember(earlierOutputs, name);
      return earlier === undefined ? [] : [[name, earlier]];
    }),
  );
}

/** Returns a placeholder in the commands of a scope whose value no earlier run has; null if there is none. */
export function missingOutput(
  { steps }: Pipeline,
  scope: readonly string[],
  outputs: StepOutputs,
): { step: string; text: string; from: string } | null {
  const inScope = new Set(scope);
  for (const { name, command } of steps) {
    if (!inScope.has(name)) continue;
    for (const reference of command.flatMap(referencesIn)) {
      if (reference.kind !== 'output' || inScope.has(reference.step)) continue;
      if (ownMember(ownMember(outputs, reference.step) ?? null, reference.name) === undefined)
        return { step: name, text: reference.text, from: reference.step };
    }
  }
  return null;
}

/** Step names such as `constructor` are members of every object. */
function ownMember<Value>(object: Record<string, Value> | null, name: string): Value | undefined {
  return object !== null && Object.hasOwn(object, name) ? object[name] : undefined;
}
