import { type JsonSchema, PAYLOAD_SCHEMAS } from '../../events/event-schemas';
import { READABLE_NAME } from '../../schemas/readable-name';
import type { LogLineInput } from '../../events/run-event';
import { invalid } from '../../http/problem-catalogue';
import { Schema } from '../../schemas/schema';

export interface LogBody {
  workerId: string | null;
  /** Null: the current attempt. */
  attempt: number | null;
  lines: LogLineInput[];
}

/** The schema of the event `run.log`, with two differences: it has `workerId`, and it allows no unknown members. */
export const LOG_BODY_SCHEMA = logBodySchemaOf(PAYLOAD_SCHEMAS['run.log']);

/** The same schema for the API description. There, body and line are two schemas, because each needs a name. */
export const NAMED_LOG_SCHEMAS = splitIntoNamed(LOG_BODY_SCHEMA);

// class-validator is too slow here: a body has up to ten thousand lines, and it would copy all of them and check each
// member separately.
const LOG_BODY = new Schema<LogBody>(LOG_BODY_SCHEMA, { allowUnionTypes: true });

/** @throws JobatoError VALIDATION */
export function readLogBody(body: unknown): LogBody {
  const given = withoutNulls(body ?? {});
  const [fault] = LOG_BODY.faultsOf(given);
  if (fault) {
    const { instancePath, message, keyword, params } = fault;
    const path = instancePath.slice(1).replaceAll('/', '.');
    const named = (params as { additionalProperty?: string; missingProperty?: string }) ?? {};
    const memberName = named.additionalProperty ?? named.missingProperty;
    throw invalid([
      {
        field: [path, memberName].filter((part) => part !== undefined && part !== '').join('.'),
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

/** Removes null members: some clients send every member, and use null for those without a value. */
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

function splitIntoNamed(body: JsonSchema): Record<'LogBody' | 'LogBodyLine', JsonSchema> {
  const { properties } = body as { properties: { lines: { items: JsonSchema } } & JsonSchema };
  const lines = { ...properties.lines, items: { $ref: '#/components/schemas/LogBodyLine' } };
  return { LogBody: { ...body, properties: { ...properties, lines } }, LogBodyLine: properties.lines.items };
}

function logBodySchemaOf(schema: JsonSchema): JsonSchema {
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
