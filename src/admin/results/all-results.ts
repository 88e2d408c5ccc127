import { basename } from 'node:path';
import { sizeText } from '../../config/size-text';
import type { ProjectDefinition } from '../../projects/project';
import type { LiveResult } from '../../results/result.repository';
import { numberSign } from '../words/run-words';
import { type TimeText, timeText } from '../words/time-text';

/** The live result of a project. */
export interface ResultRow {
  projectId: string;
  projectName: string;
  /** Null for a project that is no longer in the configuration. */
  projectHref: string | null;
  name: string;
  /** The table of the result, or its preview. */
  view: { label: string; href: string } | null;
  downloadHref: string | null;
  size: string;
  since: TimeText;
  /** "#14" */
  number: string;
  runHref: string;
}

/** Returns the live results by the name of their projects. */
export function allResults(results: LiveResult[], definitions: ProjectDefinition[]): ResultRow[] {
  const byId = new Map(definitions.map((definition) => [definition.projectId, definition]));
  return results
    .map((live) => resultRow(live, byId.get(live.projectId) ?? null))
    .sort((one, other) => one.projectName.localeCompare(other.projectName));
}

function resultRow(live: LiveResult, definition: ProjectDefinition | null): ResultRow {
  const { projectId, file, size, since, runId } = live;
  const href = `/projects/${projectId}`;
  return {
    projectId,
    projectName: definition?.name ?? projectId,
    projectHref: definition && href,
    name: basename(file),
    view: definition && viewOf(href, definition),
    downloadHref: definition && `/api/projects/${projectId}/result/file`,
    size: sizeText(size),
    since: timeText(since),
    number: numberSign(live),
    runHref: `/runs/${runId}`,
  };
}

function viewOf(href: string, { liveResult }: ProjectDefinition): ResultRow['view'] {
  return liveResult.table === null
    ? { label: 'Preview', href: `${href}/result` }
    : { label: 'View table', href: `${href}/results` };
}
