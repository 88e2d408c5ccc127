import { Injectable, type PipeTransform } from '@nestjs/common';
import type { Run } from './run';
import { RunRepository } from './run.repository';

/**
 * Returns the paths of a run's resource: `runs/{runId}/…`, and `projects/{projectId}/runs/{ref}/…` with the number or the
 * id of the run. Use it with `@Param(RunPipe)`.
 */
export function runPaths(resource = ''): string[] {
  const path = resource === '' ? '' : `/${resource}`;
  return [`runs/:runId${path}`, `projects/:projectId/runs/:runId${path}`];
}

/** Finds the run that a path of `runPaths` names. @throws JobatoError RUN_NOT_FOUND */
@Injectable()
export class RunPipe implements PipeTransform<{ runId: string; projectId?: string }, Promise<Run>> {
  constructor(private readonly runs: RunRepository) {}

  transform({ runId, projectId }: { runId: string; projectId?: string }): Promise<Run> {
    return this.runs.get(runId, projectId);
  }
}
