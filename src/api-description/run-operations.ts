import type { OpenAPIObject } from '@nestjs/swagger';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const RUN = '/api/runs/{runId}';
const RUN_OF_PROJECT = '/api/projects/{projectId}/runs/{runId}';

/**
 * Completes the operations of runs. Each has two paths: by the id of the run, and by its project and number. Both need an
 * operation id of their own.
 */
export function describeRunOperations({ paths }: OpenAPIObject): void {
  for (const [path, item] of Object.entries(paths)) {
    const ofProject = path.startsWith(RUN_OF_PROJECT);
    if (!ofProject && !path.startsWith(RUN)) continue;
    for (const operation of Object.values(item) as Operation[]) {
      const others = operation.parameters?.filter((one) => !('name' in one && isOfRun(one.name))) ?? [];
      operation.parameters = [
        ...(ofProject ? [pathParameter('projectId', 'Id of the project')] : []),
        pathParameter('runId', ofProject ? 'Number or id of the run' : 'Id of the run'),
        ...others,
      ];
      if (ofProject) operation.operationId = `${operation.operationId}OfProject`;
    }
  }
}

function isOfRun(name: string): boolean {
  return name === 'runId' || name === 'projectId';
}

function pathParameter(name: string, description: string) {
  return { name, in: 'path' as const, required: true, description, schema: { type: 'string' as const } };
}
