import type { ProjectDefinition } from '../projects/project';
import type { Run } from './run';

/** What decides what comes out of a pipeline: what its file says, and what it is given to look for. */
export interface Recipe {
  definition: ProjectDefinition;
  /** JSON text of the inputs; null where it has none. */
  inputs: string | null;
}

/**
 * What of a project is no longer as it was when it last ran as a whole, in words; null where what came out then is
 * what would come out now. Another name, schedule or time limit is no reason to run again.
 */
export function changeSince(then: Recipe, now: Recipe): string | null {
  const changes = [...definitionChanges(then.definition, now.definition)];
  if (now.definition.inputs !== null && now.inputs !== null && then.inputs !== now.inputs) {
    changes.push('its queries or allow-lists');
  }
  if (changes.length === 0) return null;
  return `Changed since: ${changes.join(', ')}`;
}

/**
 * A step that failed and has not completed since, which runs of other steps do not make good; null where there is none.
 * @param past the latest runs, newest first
 */
export function failedSince({ steps }: ProjectDefinition, past: Pick<Run, 'steps'>[]): string | null {
  const outcomeOf = (name: string) =>
    past
      .flatMap((run) => run.steps.find((step) => step.name === name)?.status ?? [])
      .find((status) => status === 'completed' || status === 'failed');
  const failed = steps.find(({ name }) => outcomeOf(name) === 'failed');
  return failed ? `Step ${failed.name} failed, and has not completed since` : null;
}

function* definitionChanges(then: ProjectDefinition, now: ProjectDefinition): Iterable<string> {
  if (then.executor !== now.executor) yield 'who carries it out';
  const before = new Map(then.steps.map((step) => [step.name, step]));
  for (const step of now.steps) {
    const old = before.get(step.name);
    if (old === undefined) yield `step ${step.name} is new`;
    else if (!isEqual(old.command, step.command) || !isEqual(old.env, step.env)) yield `step ${step.name}`;
    else if (old.workingDir !== step.workingDir) yield `the folder of step ${step.name}`;
    before.delete(step.name);
  }
  for (const name of before.keys()) yield `step ${name} is gone`;
  if (!isEqual(defaultsOf(then), defaultsOf(now))) yield 'its parameters or their defaults';
}

function defaultsOf({ params }: ProjectDefinition): [string, unknown][] {
  return Object.entries(params)
    .map(([name, spec]): [string, unknown] => [name, spec.default])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
