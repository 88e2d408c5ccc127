import type { ProjectView } from '../../projects/project-view';
import type { RunView } from '../../runs/run-view';
import { localTime } from '../durations';
import type { JobatoClient } from '../jobato-client';
import { parseRunReference, runIdOf } from '../run-reference';
import type { Suggestion, Wanted } from './wanted';

type OfServer = Exclude<Wanted, { kind: 'values' | 'files' }>;

const RUNS = 50;
const PART_OF_ID = /^[0-9a-f-]{4,36}$/;
/** `nightly/` or `nightly#`. */
const PROJECT_BEFORE = /^([a-z0-9-]+)([/#])/;

/** Returns the values that only the server has, also such that do not fit the current word. */
export async function suggestionsOf(
  client: JobatoClient,
  wanted: OfServer,
  current: string,
): Promise<Suggestion[]> {
  switch (wanted.kind) {
    case 'projects':
      return (await client.projects()).map(projectSuggestion);
    case 'tags':
      return named((await client.projects()).flatMap(({ tags }) => tags));
    case 'runs':
      return runs(client, wanted, current);
    case 'steps':
      return named((await projectOf(client, wanted.of)).steps.map(({ name }) => name));
    case 'scopes':
      return named((await projectOf(client, wanted.of)).scopes);
    case 'params': {
      const { params } = await projectOf(client, wanted.of);
      return Object.entries(params).map(([name, { description }]) => ({
        value: `${name}=`,
        description: description ?? '',
      }));
    }
    case 'artifacts':
      return named((await client.run(await runIdOf(client, wanted.of))).artifacts.map(({ name }) => name));
  }
}

async function runs(
  client: JobatoClient,
  { onlyActive, orProjects }: Extract<OfServer, { kind: 'runs' }>,
  current: string,
): Promise<Suggestion[]> {
  const status = onlyActive ? 'running' : undefined;
  const [, project, separator = '/'] = PROJECT_BEFORE.exec(current) ?? [];
  const { items } = await client.runs({ project, status, limit: RUNS });
  const numbers = items.map((run) => runSuggestion(`${run.projectId}${separator}${run.number}`, run));
  if (project !== undefined) return numbers;
  const projects = onlyActive && !orProjects ? [] : (await client.projects()).map(projectSuggestion);
  const ids = PART_OF_ID.test(current) ? (await client.runs({ id: current, status, limit: RUNS })).items : [];
  return [...projects, ...numbers, ...ids.map((run) => runSuggestion(run.runId, run))];
}

/** @param of a project, or a run of it */
async function projectOf(client: JobatoClient, of: string): Promise<ProjectView> {
  const reference = parseRunReference(of);
  if (reference.kind === 'project' && (await client.hasProject(reference.projectId)))
    return client.project(reference.projectId);
  const { projectId } = await client.run(await runIdOf(client, of));
  return client.project(projectId);
}

function projectSuggestion({ projectId, name }: ProjectView): Suggestion {
  return { value: projectId, description: name };
}

function runSuggestion(value: string, { status, startedAt }: RunView): Suggestion {
  return { value, description: `${status}, ${localTime(startedAt)}` };
}

function named(values: readonly string[]): Suggestion[] {
  return [...new Set(values)].map((value) => ({ value, description: '' }));
}
