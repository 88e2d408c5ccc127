import { validate as isUuid } from 'uuid';
import { CliFailure, EXIT } from './failures';
import type { JobatoClient } from './jobato-client';
import { aligned } from './run-table';
import { localTime } from './durations';

/** The number or the id of a run after its project: `nightly/14` or `nightly#14`. */
const OF_PROJECT = /^([a-z0-9-]+)[/#]([^/]+)$/;
const PART_OF_ID = /^[0-9a-f-]{4,36}$/i;
const LISTED = 10;

/** For the help of each command that takes a run. */
export const RUN_ARGUMENT =
  'project/number such as nightly/14, the id, or a unique part of it (4 characters or more)';

/**
 * Returns the id of the run that a user named.
 * @throws CliFailure if a part of an id is not unique
 * @throws ServerRefusal if there is no such run
 */
export async function runIdOf(client: JobatoClient, reference: string): Promise<string> {
  if (isUuid(reference)) return reference;
  const [, projectId, ref] = OF_PROJECT.exec(reference) ?? [];
  if (projectId !== undefined) return (await client.runOfProject(projectId, ref!)).runId;
  // The server explains why the rest names no run.
  if (!PART_OF_ID.test(reference)) return reference;
  const { items, nextCursor } = await client.runs({ id: reference, limit: LISTED });
  const [run, ...others] = items;
  if (run === undefined) {
    throw refusal(
      `No run has an id that contains "${reference}". Only the newest 10,000 runs were searched: give the whole ` +
        'id of an older one.',
    );
  }
  if (others.length > 0 || nextCursor !== null) {
    const candidates = aligned(
      items.map((each) => [
        each.runId,
        `${each.projectId}/${each.number}`,
        localTime(each.startedAt),
        each.status,
      ]),
    );
    throw refusal(
      [
        `The ids of several runs contain "${reference}":`,
        ...candidates.map((line) => `  ${line.trimEnd()}`),
        ...(nextCursor === null ? [] : ['  …']),
        'Give more characters, or the project and the number.',
      ].join('\n'),
    );
  }
  return run.runId;
}

function refusal(message: string): CliFailure {
  return new CliFailure(message, EXIT.notCompleted);
}
