import { READABLE_NAME } from '../schemas/readable-name';
import { type RunEventType, STOPPING_CAUSES } from './run-event';

/** JSON Schema (draft 2020-12) of a payload, used for validation and in the published contract. */
export type JsonSchema = { [keyword: string]: unknown };

const text = (maxLength = 10_000): JsonSchema => ({ type: 'string', maxLength });
/** Characters of a log line. Stored lines are cut at 64 KiB, and no HTTP request is larger than this. */
const MAX_TEXT_LENGTH = 16 * 1024 * 1024;
const name = { type: 'string', minLength: 1, maxLength: 200 };
const workerId = { ...name, pattern: READABLE_NAME };
/** Upper bound of all counts: JavaScript integers are exact up to this value. */
const MAX_COUNT = Number.MAX_SAFE_INTEGER;
const count = { type: 'integer', minimum: 0, maximum: MAX_COUNT };
const attempt = { type: 'integer', minimum: 1, maximum: MAX_COUNT };
/** Windows has unsigned exit codes of 32 bits. */
const exitCode = { type: ['integer', 'null'], minimum: -(2 ** 31), maximum: 2 ** 32 - 1 };
const leaseSeconds = { type: 'number', exclusiveMinimum: 0, maximum: 86_400 };
/** More than a run keeps. The run drops the excess, and the event still takes effect. */
const metrics = { type: 'object', additionalProperties: { type: 'number' }, maxProperties: 10_000 };

const runInput = object({ queryId: text(), queryText: text(), domain: text(), searchQuery: text(100_000) }, [
  'queryId',
  'queryText',
  'domain',
  'searchQuery',
]);
const quota = object({ remaining: count, concurrencyLimit: count }, ['remaining', 'concurrencyLimit']);
/** No required members: an incomplete list entry must not cause the final event of a run to be rejected. */
const zeroResult = object({ queryText: text(), domain: text(), occurredAt: text(40) });
const resultPath = { type: 'string', minLength: 1, maxLength: 4096 };
const artifacts = { type: 'array', maxItems: 1000, items: object({ name, size: count }, ['name']) };

/** The whole of a run has a limit of 64 KiB; see report-limits.ts. */
const outputs = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'], maxLength: 65_536 },
  maxProperties: 1000,
};
const stepAttempt = object(
  {
    number: attempt,
    status: { enum: ['running', 'completed', 'failed', 'cancelled'] },
    exitCode,
    retryAt: text(40),
  },
  ['number', 'status'],
);

const stopping = object(
  {
    signal: { enum: ['SIGTERM', 'SIGKILL'] },
    cause: { enum: [...STOPPING_CAUSES] },
    sentAt: text(40),
    killAt: text(40),
    aliveCount: count,
    alive: { type: 'array', maxItems: 100, items: object({ pid: count, name }, ['pid', 'name']) },
  },
  ['signal'],
);

const logLine = object(
  {
    n: count,
    at: { type: 'string', maxLength: 40 },
    stream: { enum: ['stdout', 'stderr', 'system'] },
    step: name,
    stepAttempt: attempt,
    open: { type: 'boolean' },
    text: text(MAX_TEXT_LENGTH),
  },
  ['text'],
);

export const PAYLOAD_SCHEMAS: Record<RunEventType, JsonSchema> = {
  'run.requested': object(
    {
      projectId: name,
      scope: name,
      steps: { type: 'array', items: name, maxItems: 1000 },
      definitionHash: name,
      params: { type: 'object', maxProperties: 1000 },
      attempt,
      runInputs: { type: 'array', items: runInput, maxItems: 100_000 },
      quota,
      outputs: { type: 'object', additionalProperties: outputs, maxProperties: 1000 },
      requestedBy: text(),
    },
    ['projectId', 'scope', 'steps', 'definitionHash', 'params', 'attempt'],
  ),
  'run.started': object({ workerId, attempt, leaseSeconds }, ['workerId', 'attempt']),
  'run.heartbeat': object({ workerId, attempt, leaseSeconds }, ['workerId', 'attempt']),
  'run.progress': object({
    attempt,
    step: name,
    stepStatus: { enum: ['running', 'completed', 'failed', 'skipped', 'cancelled'] },
    exitCode,
    stepAttempt,
    current: { type: 'number', minimum: 0 },
    total: { type: 'number', minimum: 0 },
    message: text(),
    metrics,
    outputs,
    quotaUsed: count,
    artifacts,
    stopping,
  }),
  'run.log': object({ attempt, lines: { type: 'array', items: logLine, maxItems: 10_000 } }, ['lines']),
  'run.completed': object({
    attempt,
    status: { enum: ['completed', 'partial'] },
    reason: text(),
    newJobsCount: count,
    relevantCount: count,
    persistedResults: count,
    issuedCalls: count,
    zeroResults: { type: 'array', items: zeroResult, maxItems: 10_000 },
    metrics,
    artifacts,
    result: object({ path: resultPath }, ['path']),
    resultsDb: { ...resultPath, type: ['string', 'null'] },
  }),
  'run.failed': object({ attempt, errorCode: name, message: text(100_000), step: name, reason: text() }, [
    'errorCode',
    'message',
  ]),
  'run.cancel.requested': object({ reason: text(), requestedBy: text() }, ['reason', 'requestedBy']),
  'run.cancelled': object({ attempt }),
};

/** Allows additional members, because a newer worker may send members that this version does not support. */
function object(properties: JsonSchema, required: string[] = []): JsonSchema {
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}
