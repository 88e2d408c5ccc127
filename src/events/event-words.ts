import type { JsonSchema } from './event-schemas';
import type { RunEventType } from './run-event';

/** Sender and summary of each event type, for the published contract. */
export const EVENT_WORDS: Record<RunEventType, { sentBy: 'jobato' | 'worker'; summary: string }> = {
  'run.requested': {
    sentBy: 'jobato',
    summary:
      'A run waits for a worker: it was triggered, or its last worker was lost and it has a higher attempt now. May come more than once.',
  },
  'run.started': { sentBy: 'worker', summary: 'The work has begun. Optional, but then people see it.' },
  'run.heartbeat': { sentBy: 'worker', summary: 'The worker is alive and still on it. Prolongs the lease.' },
  'run.progress': { sentBy: 'worker', summary: 'The work went on, or a step changed its status.' },
  'run.log': { sentBy: 'worker', summary: 'Lines for the log of the run.' },
  'run.completed': {
    sentBy: 'worker',
    summary: 'The work is done, or done in part. This alone, minutes later, is enough of a worker.',
  },
  'run.failed': { sentBy: 'worker', summary: 'The work could not be done.' },
  'run.cancel.requested': {
    sentBy: 'jobato',
    summary:
      'The run shall stop. End the work and confirm with run.cancelled within the grace of the project.',
  },
  'run.cancelled': {
    sentBy: 'worker',
    summary: 'The work has stopped, and nothing of it is alive any more.',
  },
};

/** Descriptions of payload members by name. A name means the same in every event that has it. */
const MEMBER_WORDS: Record<string, string> = {
  projectId: 'The project, as named in its project file. A worker takes the runs of its own projects.',
  scope: 'Which part of the pipeline: full, from:<step>, only:<step>, or a name of the project.',
  steps: 'The steps of that scope, in order; empty where the project names none.',
  definitionHash: 'Digest of the definition of the project that the run was accepted with.',
  params: 'The params of the run, checked against the project.',
  attempt:
    'Which attempt at the run, from 1. A worker repeats the one it was given; absent means the current one, and an older one changes nothing.',
  workerId: 'Name of the worker, the same for as long as it has the run.',
  leaseSeconds:
    'A promise to name it again, in run.heartbeat, within this time. Who breaks it loses the run. Without a lease nobody asks.',
  step: 'Name of the step that this is about. One that the project does not name is added to the run.',
  stepStatus: 'What has become of the step.',
  exitCode: 'Exit code of the step; null where a signal ended it.',
  current: 'How much is done.',
  total: 'Of how much.',
  message: 'One line for people.',
  metrics: 'Numbers by name, kept with the run; the last value of a name counts.',
  quotaUsed: 'Calls issued under the quota since the last event that said so.',
  artifacts: 'Files that the run has made.',
  'artifacts.name': 'Name of the file.',
  'artifacts.size': 'Bytes.',
  stopping:
    'How far the worker is with ending the processes of the step. Optional, but then people see what a stop waits for.',
  'stopping.signal': 'What was sent last.',
  'stopping.cause': 'Why it was sent; absent means that a stop was asked for.',
  'stopping.sentAt': 'When it was sent, ISO 8601.',
  'stopping.killAt': 'When SIGKILL follows, ISO 8601.',
  'stopping.aliveCount': 'How many processes are still alive.',
  'stopping.alive': 'The first few of them.',
  'stopping.alive.pid': 'Number of the process.',
  'stopping.alive.name': 'Name of its program, without its arguments: they may hold secrets.',
  lines: 'The lines, oldest first.',
  'lines.n': 'Number of the line within this attempt: a line with a number that was seen before is dropped.',
  'lines.at': 'When it was written, ISO 8601.',
  'lines.stream': 'Where it came from; system is what the worker itself has to say.',
  'lines.step': 'Step that wrote it.',
  'lines.text': 'The line, without its end. Cut at 64 KiB.',
  status: 'partial where only a part could be done; absent means completed.',
  reason: 'Why, in a word or two, such as quota-reached. Becomes the statusReason of the run.',
  newJobsCount: 'How many new results there are. Where it is absent, persistedResults counts.',
  relevantCount: 'How many of them are of interest.',
  persistedResults: 'How many results were stored.',
  issuedCalls: 'Calls issued under the quota in the whole run, for a worker that only reports at its end.',
  zeroResults: 'Searches that found nothing.',
  'zeroResults.queryText': 'What was searched for.',
  'zeroResults.domain': 'Where.',
  'zeroResults.occurredAt': 'When, ISO 8601.',
  runInputs: 'What to search, in order, where the project has inputs.',
  'runInputs.queryId': 'Id of the query in queries.yaml.',
  'runInputs.queryText': 'Its text.',
  'runInputs.domain': 'The domain from allowlists.yaml.',
  'runInputs.searchQuery': 'Both as a search engine takes them: site:<domain> <text>.',
  quota:
    'What the run may use, where the project is under a quota. Stop in time and end partial, quota-reached.',
  'quota.remaining': 'Calls that were left of the day when the run was accepted.',
  'quota.concurrencyLimit': 'How many calls may be under way at once.',
  errorCode: 'For programs, such as NETWORK_ERROR.',
  'run.failed:message': 'What went wrong, for people.',
  'run.cancel.requested:reason': 'Why it shall stop, such as cancelled-by-user.',
  requestedBy: 'Who asked for the stop.',
};

/** Returns the validation schema with descriptions of its members. */
export function describedPayloadSchema(type: RunEventType, schema: JsonSchema): JsonSchema {
  return { description: EVENT_WORDS[type].summary, ...withWords(type, schema, '') };
}

/** @returns null for a member without description; a test reports it */
function wordsOf(type: RunEventType, path: string): string | null {
  return MEMBER_WORDS[`${type}:${path}`] ?? MEMBER_WORDS[path] ?? null;
}

function withWords(type: RunEventType, schema: JsonSchema, path: string): JsonSchema {
  const { properties, items } = schema as { properties?: Record<string, JsonSchema>; items?: JsonSchema };
  const words = path === '' ? null : wordsOf(type, path);
  return {
    ...(words !== null && { description: words }),
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, member]) => [
          name,
          withWords(type, member, path === '' ? name : `${path}.${name}`),
        ]),
      ),
    }),
    // A list item shares the description of its list. Only its members have their own.
    ...(items && { items: items.properties ? withoutDescription(withWords(type, items, path)) : items }),
  };
}

function withoutDescription({ description: _, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
