import type { OutputValue } from '../events/run-event';
import { Schema } from '../schemas/schema';

/** A report of a step on file descriptor 3, as one JSON object per line. */
export interface StepReport {
  progress?: { current?: number; total?: number; message?: string };
  metrics?: Record<string, number>;
  /** Makes the run partial, with this reason. */
  partial?: { reason: string };
  /** Why the step fails or, if it exits with 0, why the run is partial. */
  error?: { code: string; message: string };
  /** Calls issued against the quota. */
  quota?: { used: number };
  /** Values for later steps. */
  output?: Record<string, OutputValue>;
  /** A file in the run's folder. */
  artifact?: { path: string };
  /** Searches without results. */
  zeroResults?: { queryText: string; domain: string }[];
  /** The file in the run's folder that is the result of the project. */
  result?: { path: string };
}

const text = { type: 'string', maxLength: 10_000 };
const count = { type: 'number', minimum: 0 };
/** A run keeps names of up to 100 characters and drops longer ones. */
const metricName = { maxLength: 1000 };
const object = (properties: Record<string, unknown>, required: string[] = []) => ({
  type: 'object',
  properties,
  required,
});

const filePath = object({ path: { type: 'string', minLength: 1, maxLength: 4096 } }, ['path']);

export const STEP_REPORT_SCHEMA = object({
  progress: object({ current: count, total: count, message: text }),
  metrics: {
    type: 'object',
    additionalProperties: { type: 'number' },
    propertyNames: metricName,
    maxProperties: 200,
  },
  partial: object({ reason: { type: 'string', minLength: 1, maxLength: 200 } }, ['reason']),
  error: object({ code: { type: 'string', minLength: 1, maxLength: 200 }, message: text }, [
    'code',
    'message',
  ]),
  quota: object({ used: { type: 'integer', minimum: 0 } }, ['used']),
  output: {
    type: 'object',
    // A variable of the environment cannot hold NUL.
    additionalProperties: {
      type: ['string', 'number', 'boolean'],
      maxLength: 262_144,
      pattern: '^[^\\u0000]*$',
    },
    propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$', maxLength: 100 },
    maxProperties: 1000,
  },
  artifact: filePath,
  zeroResults: {
    type: 'array',
    maxItems: 1000,
    items: object(
      { queryText: { type: 'string', maxLength: 500 }, domain: { type: 'string', maxLength: 300 } },
      ['queryText', 'domain'],
    ),
  },
  result: filePath,
});
const SCHEMA = new Schema<StepReport>(STEP_REPORT_SCHEMA, { allowUnionTypes: true });

/** Never throws: for invalid input it returns the reason, for the log. */
export function parseStepReport(line: string): StepReport | { unreadable: string } {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch {
    return { unreadable: 'it is not JSON' };
  }
  const faults = SCHEMA.faultsOf(content);
  return faults.length === 0 ? (content as StepReport) : { unreadable: Schema.asText(faults, 'it') };
}
