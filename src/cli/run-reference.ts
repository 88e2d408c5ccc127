import { validate as isUuid } from 'uuid';
import type { RunView } from '../runs/run-view';
import { localTime } from './durations';
import { CliFailure, EXIT } from './failures';
import type { JobatoClient } from './jobato-client';
import { aligned } from './table';
import { oneLine } from './terminal-text';

/** How a user names a run. */
export type RunReference =
  | { kind: 'id'; runId: string }
  /** The number or the id of a run of a project. */
  | { kind: 'run-of'; projectId: string; ref: string }
  /** A part of the id of a run, of one project or of any. */
  | { kind: 'part'; part: string; projectId?: string }
  /** A word that can be a project, which stands for its latest run. `part`: it can also be a part of an id. */
  | { kind: 'project'; projectId: string; part: string | null }
  | { kind: 'unknown'; text: string };

const PROJECT = /^[a-z0-9-]+$/;
/** `nightly/14`, `nightly#14`, `nightly 14` and `nightly #14`. */
const OF_PROJECT = /^([a-z0-9-]+)(?:[/#]|\s+#?)([^/#\s]+)$/;
const NUMBER = /^[1-9]\d{0,14}$/;
const PART_OF_ID = /^[0-9a-f-]{4,36}$/i;
/** The address of a page of the run, as a browser shows it. */
const ADDRESS = /^https?:\/\/[^/]+(?:\/[^?#]*)?\/runs\/([0-9a-f-]{36})(?:[/?#]|$)/i;
const LISTED = 10;

/** For the help of each command that takes a run. */
export const RUN_ARGUMENT =
  'project/number such as nightly/14, a project for its latest run, the id, or a unique part of the id (4 ' +
  'characters or more)';

export function parseRunReference(text: string): RunReference {
  if (isUuid(text)) return { kind: 'id', runId: text };
  const [, runId] = ADDRESS.exec(text) ?? [];
  if (runId !== undefined && isUuid(runId)) return { kind: 'id', runId };
  const [, projectId, ref] = OF_PROJECT.exec(text) ?? [];
  if (projectId !== undefined && (NUMBER.test(ref!) || isUuid(ref)))
    return { kind: 'run-of', projectId, ref: ref! };
  if (projectId !== undefined && PART_OF_ID.test(ref!)) return { kind: 'part', part: ref!, projectId };
  const part = PART_OF_ID.test(text) ? text : null;
  if (PROJECT.test(text)) return { kind: 'project', projectId: text, part };
  return part === null ? { kind: 'unknown', text } : { kind: 'part', part };
}

/**
 * Returns the id of the run that a user named.
 * @throws CliFailure if a part of an id is not unique
 * @throws ServerRefusal if there is no such run; only `client.run` shows that for a whole id
 */
export async function runIdOf(client: JobatoClient, text: string): Promise<string> {
  const reference = parseRunReference(text);
  switch (reference.kind) {
    case 'id':
      return reference.runId;
    case 'run-of':
      return (await client.runOfProject(reference.projectId, reference.ref)).runId;
    case 'part':
      return runWithPart(client, reference.part, reference.projectId);
    case 'project':
      if (await client.hasProject(reference.projectId))
        return (await client.currentRun(reference.projectId)).runId;
      // The server explains why a word that is no part of an id names no run.
      return reference.part === null ? text : runWithPart(client, reference.part);
    case 'unknown':
      throw refusal(`"${oneLine(text)}" names no run. Give ${RUN_ARGUMENT}.`);
  }
}

async function runWithPart(client: JobatoClient, part: string, projectId?: string): Promise<string> {
  const { items, nextCursor } = await client.runs({ id: part, projectId, limit: LISTED });
  const [run, ...others] = items;
  const where = projectId === undefined ? '' : ` of project ${projectId}`;
  if (run === undefined) {
    throw refusal(
      `No run${where} has an id that contains "${part}". Only the newest 10,000 runs were searched: give the whole id ` +
        'of an older one.',
    );
  }
  if (others.length > 0 || nextCursor !== null) {
    throw refusal(
      [
        `The ids of several runs${where} contain "${part}":`,
        ...aligned(items.map(candidate)).map((line) => `  ${line.trimEnd()}`),
        ...(nextCursor === null ? [] : ['  …']),
        'Give more characters, or the project and the number.',
      ].join('\n'),
    );
  }
  return run.runId;
}

function candidate({ runId, projectId, number, startedAt, status }: RunView): string[] {
  return [runId, `${projectId}/${number}`, localTime(startedAt), status];
}

function refusal(message: string): CliFailure {
  return new CliFailure(message, EXIT.notCompleted);
}
