import { type JsonSchema, PAYLOAD_SCHEMAS } from '../../events/event-schemas';
import { READABLE_NAME } from '../../events/readable-name';
import type { LogLineInput } from '../../events/run-event';
import { invalid } from '../../http/catalogue';
import { Schema } from '../../schemas/schema';

export interface LogBody {
  workerId: string | null;
  /** Null: the current attempt. */
  attempt: number | null;
  lines: LogLineInput[];
}

/** The schema of the event `run.log`, but unknown members are an error. */
export const LOG_BODY_SCHEMA = closed(PAYLOAD_SCHEMAS['run.log']);

/** The same schema for the API description, where each schema has a name. */
export const NAMED_LOG_SCHEMAS = named(LOG_BODY_SCHEMA);

// Not class-validator, which would copy up to ten thousand lines and check each member separately.
const SCHEMA = new Schema<LogBody>(LOG_BODY_SCHEMA, { allowUnionTypes: true });

/** @throws JobatoError VALIDATION */
export function readLogBody(body: unknown): LogBody {
  const given = withoutNulls(body ?? {});
  const [fault] = SCHEMA.faultsOf(given);
  if (fault) {
    const { instancePath, message, keyword, params } = fault;
    const path = instancePath.slice(1).replaceAll('/', '.');
    const member = (params as { additionalProperty?: string; missingProperty?: string }) ?? {};
    const last = member.additionalProperty ?? member.missingProperty;
    throw invalid([
      {
        field: [path, last].filter((part) => part !== undefined && part !== '').join('.'),
        message:
          keyword === 'additionalProperties'
            ? 'is not a known field'
            : keyword === 'required'
              ? 'is missing'
              : (message ?? 'is not valid'),
      },
    ]);
  }
  const { workerId, attempt, lines } = given as Partial<LogBody> & Pick<LogBody, 'lines'>;
  return { workerId: workerId ?? null, attempt: attempt ?? null, lines };
}

/** Removes null members. Null equals a missing member, because some clients send every member. */
function withoutNulls(body: unknown): unknown {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return body;
  const { lines, ...rest } = dropNulls(body as Record<string, unknown>);
  if (!Array.isArray(lines)) return lines === undefined ? rest : { ...rest, lines };
  return { ...rest, lines: lines.map((line: unknown) => (isObject(line) ? dropNulls(line) : line)) };
}

function dropNulls(object: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(object);
  return entries.some(([, value]) => value === null)
    ? Object.fromEntries(entries.filter(([, value]) => value !== null))
    : object;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function named(body: JsonSchema): Record<'LogBody' | 'LogBodyLine', JsonSchema> {
  const { properties } = body as { properties: { lines: { items: JsonSchema } } & JsonSchema };
  const lines = { ...properties.lines, items: { $ref: '#/components/schemas/LogBodyLine' } };
  return { LogBody: { ...body, properties: { ...properties, lines } }, LogBodyLine: properties.lines.items };
}

function closed(schema: JsonSchema): JsonSchema {
  const { properties } = schema as { properties: { lines: { items: JsonSchema } } & JsonSchema };
  const { lines } = properties;
  return {
    ...schema,
    additionalProperties: false,
    properties: {
      ...properties,
      workerId: { type: 'string', minLength: 1, maxLength: 200, pattern: READABLE_NAME },
      lines: { ...lines, items: { ...lines.items, additionalProperties: false } },
    },
  };
}
