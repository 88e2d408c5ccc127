import type { JsonSchema } from './event-schemas';
import type { RunEventType } from './run-event';

/** Sender and summary of each event type, for the published contract. */
export const EVENT_DESCRIPTIONS: Record<RunEventType, { sentBy: 'jobato' | 'worker'; summary: string }> = {
  'run.requested': {
    sentBy: 'jobato',
    summary:
      'A run is waiting for a worker, after a trigger or, with a higher attempt, after its worker was lost. Can arrive more than once.',
  },
  'run.started': {
    sentBy: 'worker',
    summary: 'The worker has started the run. Optional; makes the start visible.',
  },
  'run.heartbeat': { sentBy: 'worker', summary: 'The worker is still working on the run. Renews the lease.' },
  'run.progress': {
    sentBy: 'worker',
    summary: 'The run has made progress, or a step has changed its status.',
  },
  'run.log': { sentBy: 'worker', summary: 'Lines for the log of the run.' },
  'run.completed': {
    sentBy: 'worker',
    summary:
      'The run is completed or partially completed. A worker can send this event alone, even minutes after run.requested.',
  },
  'run.failed': { sentBy: 'worker', summary: 'The run has failed.' },
  'run.cancel.requested': {
    sentBy: 'jobato',
    summary: 'The run must stop. End the work and confirm with run.cancelled within stopGraceSeconds.',
  },
  'run.cancelled': {
    sentBy: 'worker',
    summary: 'The run has stopped, and all its processes have ended.',
  },
};

/** Descriptions of payload members by name. A name means the same in every event that has it. */
const MEMBER_DESCRIPTIONS: Record<string, string> = {
  projectId: 'Project id from the project file. A worker handles only runs of its own projects.',
  scope: 'Part of the pipeline to run: full, from:<step>, only:<step>, or a named scope of the project.',
  steps: 'Steps of the scope, in order; empty if the project defines no steps.',
  definitionHash: 'Hash of the project definition with which the run was accepted.',
  params: 'Parameters of the run, validated against the project. Secrets are only in answers to claims.',
  attempt:
    'Attempt number, from 1. Copy it from run.requested. If absent, the event refers to the current attempt. Events of an older attempt have no effect.',
  workerId: 'Name of the worker. It must not change during the run.',
  leaseSeconds:
    'Seconds within which the worker sends the next run.heartbeat. A missed heartbeat loses the lease. If absent, the worker has no lease and sends no heartbeats.',
  step: 'Name of the step. An unknown step is added to the run.',
  stepStatus: 'Status of the step.',
  exitCode: 'Exit code of the step; null if a signal ended it.',
  stepAttempt:
    'One attempt at the step, for steps that can have several. The status of the step stays running between two attempts.',
  'stepAttempt.number': 'Number of the attempt, from 1.',
  'stepAttempt.status': 'Status of the attempt.',
  'stepAttempt.exitCode': 'Exit code of the attempt; null if a signal ended it.',
  'stepAttempt.retryAt': 'When the next attempt starts after a failed one, ISO 8601.',
  current: 'Number of units done.',
  total: 'Total number of units.',
  message: 'Progress message for display, one line.',
  metrics: 'Metrics by name, stored with the run. A later value replaces an earlier one.',
  'run.progress:outputs': 'Outputs of the step by name, for later steps. At most 64 KiB in a run.',
  'run.requested:outputs': 'Outputs of steps outside the scope, by step and name, from an earlier run.',
  quotaUsed: 'Calls made under the quota since the last report.',
  artifacts: 'Files that the run has created.',
  'artifacts.name': 'Name of the file.',
  'artifacts.size': 'Size in bytes.',
  stopping: 'Progress of ending the processes of a step. Optional; shows what a stop is waiting for.',
  'stopping.signal': 'Last signal sent.',
  'stopping.cause': 'Why the signal was sent. If absent, a stop was requested.',
  'stopping.sentAt': 'When the signal was sent, ISO 8601.',
  'stopping.killAt': 'When SIGKILL follows, ISO 8601.',
  'stopping.aliveCount': 'Number of processes that are still alive.',
  'stopping.alive': 'The first few of these processes.',
  'stopping.alive.pid': 'Process id.',
  'stopping.alive.name': 'Program name, without arguments, because they may contain secrets.',
  lines: 'Log lines, oldest first.',
  'lines.n': 'Number of the line within this attempt. A line with a repeated number is dropped.',
  'lines.at': 'When the line was written, ISO 8601.',
  'lines.stream': 'Source of the line; system is for messages of the worker itself.',
  'lines.step': 'Step that wrote the line.',
  'lines.stepAttempt': 'Attempt at the step, from 1; 1 if absent.',
  'lines.open':
    'True for a line that is unfinished or will be overwritten. It replaces the open line of the same step and stream, and is shown until the next finished line of both. Not stored; `n` is ignored. An empty text removes it.',
  'lines.text': 'Text of the line, without a line break. Cut at 64 KiB.',
  status: 'partial if only part of the work was done; completed if absent.',
  reason: 'Short reason, such as quota-reached. Becomes the statusReason of the run.',
  newJobsCount: 'Number of new results. If absent, persistedResults is used.',
  relevantCount: 'Number of relevant results.',
  persistedResults: 'Number of stored results.',
  result: 'The file that the run offers as the result of its project.',
  'result.path': 'Path below the folder of the run, or the name of an uploaded artifact.',
  resultsDb: 'The same for a worker on the machine of the server: a path relative to its DATA_DIR.',
  issuedCalls: 'Calls made under the quota in the whole run, for a worker that reports only at the end.',
  zeroResults: 'Searches without results.',
  'zeroResults.queryText': 'Search text.',
  'zeroResults.domain': 'Searched domain.',
  'zeroResults.occurredAt': 'Time of the search, ISO 8601.',
  runInputs: 'Searches to run, in order, if the project has inputs.',
  'runInputs.queryId': 'Query id from queries.yaml.',
  'runInputs.queryText': 'Query text.',
  'runInputs.domain': 'Domain from allowlists.yaml.',
  'runInputs.searchQuery': 'Domain and text in search engine syntax: site:<domain> <text>.',
  quota:
    'Quota of the run, if the project has one. Stop before exceeding it, and end as partial with reason quota-reached.',
  'quota.remaining': 'Calls left in the quota day when the run was accepted.',
  'quota.concurrencyLimit': 'Number of concurrent calls allowed.',
  errorCode: 'Error code for programs, such as NETWORK_ERROR.',
  'run.failed:message': 'Error message for display.',
  'run.cancel.requested:reason': 'Why the run must stop, such as cancelled-by-user.',
  requestedBy: 'Who requested the stop.',
};

/** Returns the validation schema with descriptions of its members. */
export function describedPayloadSchema(type: RunEventType, schema: JsonSchema): JsonSchema {
  return { description: EVENT_DESCRIPTIONS[type].summary, ...withWords(type, schema, '') };
}

/** @returns null for a member without description; a test reports it */
function wordsOf(type: RunEventType, path: string): string | null {
  return MEMBER_DESCRIPTIONS[`${type}:${path}`] ?? MEMBER_DESCRIPTIONS[path] ?? null;
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
