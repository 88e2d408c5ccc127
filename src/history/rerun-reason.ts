import type { ProjectDefinition } from '../projects/project';
import type { Run } from '../runs/run';
import type { ProjectChange } from './project-changes';

/** Why the latest result of a project may no longer be current. */
export type RerunReason =
  | { kind: 'changed'; changes: ProjectChange[] }
  /** The step failed and has not completed since. */
  | { kind: 'step-failed'; step: string };

/**
 * Returns a step that failed and has not completed since, or null. Runs that did not execute the step are ignored.
 * @param past the latest runs, newest first
 */
export function failedSince({ steps }: ProjectDefinition, past: Pick<Run, 'steps'>[]): string | null {
  const outcomeOf = (name: string) =>
    past
      .flatMap((run) => run.steps.find((step) => step.name === name)?.status ?? [])
      .find((status) => status === 'completed' || status === 'failed');
  const failed = steps.find(({ name }) => outcomeOf(name) === 'failed');
  return failed?.name ?? null;
}
