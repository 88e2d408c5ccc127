import Ajv, { type ValidateFunction } from 'ajv';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { Operation, Schema } from './openapi';

export interface Answer {
  status: number;
  type: string;
  body: string;
}

/** Server errors that a healthy server may return. */
const ALLOWED_5XX = [503, 507];

/** Checks responses against the OpenAPI document. */
export class AnswerChecker {
  private readonly ajv = new Ajv({ strict: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor({ components }: OpenAPIObject) {
    this.ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    this.ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    this.ajv.addFormat('binary', true);
    this.ajv.addSchema({ $id: 'api', components: withNullType(components) as object });
  }

  /** Returns what is wrong with a response, or null if it matches the document. */
  flawOf(operation: Operation, { status, type, body }: Answer): string | null {
    if (status >= 500 && !ALLOWED_5XX.includes(status)) return `status ${status}: ${body.slice(0, 500)}`;
    const documented = operation.responses[status];
    if (!documented) return `status ${status} is not documented: ${body.slice(0, 500)}`;
    const contents = documented.content ?? {};
    const mediaType = type.split(';')[0]!;
    if (Object.keys(contents).length === 0)
      return body === '' ? null : `${status} has a body: ${body.slice(0, 200)}`;
    const content = contents[mediaType];
    if (!content) return `${status} has the type "${type}", not one of ${Object.keys(contents).join(', ')}`;
    if (!mediaType.endsWith('json')) return null;
    const value = JSON.parse(body) as { status?: number };
    if (status >= 400 && mediaType === 'application/problem+json' && value.status !== status) {
      return `the problem has the status ${value.status}, the answer ${status}`;
    }
    const isAsDescribed = this.checkOf(`${operation.operationId} ${status} ${mediaType}`, content.schema);
    return isAsDescribed(value)
      ? null
      : `${status} is not as described: ${this.ajv.errorsText(isAsDescribed.errors)} in ${body.slice(0, 500)}`;
  }

  private checkOf(name: string, schema: Schema): ValidateFunction {
    const known = this.compiled.get(name);
    if (known) return known;
    const text = JSON.stringify(withNullType(schema)).replaceAll('"#/components/', '"api#/components/');
    const check = this.ajv.compile(JSON.parse(text) as object);
    this.compiled.set(name, check);
    return check;
  }
}

/** Converts OpenAPI 3.0 `nullable` to a JSON Schema type for null. */
function withNullType(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNullType);
  if (schema === null || typeof schema !== 'object') return schema;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([name, member]) => [name, withNullType(member)]),
  );
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest;
}
