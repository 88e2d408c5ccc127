import type { ProjectDefinition } from '../projects/project';
import type { Run } from './run';

/**
 * Returns the request that repeats a run: with its scope and params, unless others are given. Params that the project no
 * longer declares are left out.
 */
export function rerunRequest(
  { scope, params }: Pick<Run, 'scope' | 'params'>,
  project: Pick<ProjectDefinition, 'params'>,
  given: { scope?: string | null; params?: Record<string, unknown> | null },
) {
  const declared = Object.entries(params).filter(([name]) => Object.hasOwn(project.params, name));
  return {
    scope: given.scope ?? scope,
    params: { ...Object.fromEntries(declared), ...given.params },
    triggeredBy: 'rerun' as const,
  };
}
