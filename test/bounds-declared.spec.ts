import 'reflect-metadata';
import Ajv from 'ajv';
import { getMetadataStorage, type ValidationTypes } from 'class-validator';
import { type JsonSchema, PAYLOAD_SCHEMAS } from '../src/events/event-schemas';
import { STEP_REPORT_SCHEMA } from '../src/executor/step-report';
import { NOTIFICATIONS_FILE_SCHEMA } from '../src/channels/notifications-file';
import { ALLOWLISTS_SCHEMA, QUERIES_SCHEMA } from '../src/inputs/input-file';
import { PROJECT_FILE_SCHEMA } from '../src/projects/project-file.schema';
import { QUOTA_FILE_SCHEMA } from '../src/quota/quota-file';
import { LOG_BODY_SCHEMA } from '../src/workers/http/log-body';
import '../src/app.module';

/** Checks that bound a value, by their class-validator names. */
const BOUNDING = new Set(['isIn', 'maxLength', 'isUuid', 'isBoolean', 'max', 'isEnum', 'length', 'isNotIn']);
/** Members that are bounded elsewhere, with the place. */
const ELSEWHERE: Record<string, string> = {
  'TriggerBody.params': 'checkParams: 64 KiB together',
  'RerunBody.params': 'checkParams: 64 KiB together',
};

describe('members of bodies and queries', () => {
  const metadata = (
    getMetadataStorage() as unknown as {
      validationMetadatas: Map<
        new () => object,
        { propertyName: string; name?: string; type: ValidationTypes; each: boolean }[]
      >;
    }
  ).validationMetadatas;
  const members = [...metadata].flatMap(([target, checks]) => {
    const inherited = [...metadata]
      .filter(([other]) => other === target || Object.prototype.isPrototypeOf.call(other, target))
      .flatMap(([, list]) => list);
    return [...new Set(checks.map(({ propertyName }) => propertyName))].map((property) => ({
      name: `${target.name}.${property}`,
      checks: inherited.filter(({ propertyName }) => propertyName === property),
    }));
  });

  it('are all checked by these tests', () => {
    const names = members.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['ClaimBody.projectIds', 'LogQuery.after', 'RerunBody.scope']),
    );
  });

  it.each(members.map(({ name, checks }) => [name, checks] as const))('%s has a bound', (name, checks) => {
    if (ELSEWHERE[name] !== undefined) return;
    const isList = checks.some((check) => check.name === 'isArray');
    if (isList) expect(checks.map((check) => check.name)).toContain('arrayMaxSize');
    const ofValue = checks.filter(({ each }) => Boolean(each) === isList).map((check) => check.name);
    expect(ofValue.filter((check) => BOUNDING.has(check ?? ''))).not.toEqual([]);
  });
});

describe('members of schemas', () => {
  const schemas: [string, JsonSchema][] = [
    ...Object.entries(PAYLOAD_SCHEMAS),
    ['log lines over HTTP', LOG_BODY_SCHEMA],
    ['a report on descriptor 3', STEP_REPORT_SCHEMA],
    ['a project file', PROJECT_FILE_SCHEMA],
    ['quota.yaml', QUOTA_FILE_SCHEMA],
    ['queries.yaml', QUERIES_SCHEMA],
    ['allowlists.yaml', ALLOWLISTS_SCHEMA],
    ['notifications.yaml', NOTIFICATIONS_FILE_SCHEMA],
  ];
  it.each(schemas)('have a bound in %s', (_what, schema) => expect(unbounded(schema, '')).toEqual([]));

  it.each(schemas)('have valid JSON Schema in %s', (_what, schema) => {
    const ajv = new Ajv({ allowUnionTypes: true });
    expect(ajv.validateSchema(schema)).toBe(true);
    expect(() => ajv.compile(schema)).not.toThrow();
  });

  it('without a bound are found by the check', () => {
    const open = { type: 'object', properties: { a: { type: 'array', items: { type: 'string' } } } };
    expect(unbounded(open, '')).toEqual(['.a: maxItems', '.a[]: maxLength']);
    const free = { type: 'object', additionalProperties: { type: ['string', 'number'] } };
    expect(unbounded(free, '')).toEqual([': maxProperties', '{}: maxLength']);
  });
});

/** Returns texts, lists and free mappings without a maximum size. */
function unbounded(schema: JsonSchema, path: string): string[] {
  const types = [schema.type].flat();
  const missing: string[] = [];
  const wants = (keyword: string) => {
    if (schema[keyword] === undefined) missing.push(`${path}: ${keyword}`);
  };
  if (types.includes('string') && schema.enum === undefined && schema.const === undefined) wants('maxLength');
  if (types.includes('array')) {
    wants('maxItems');
    missing.push(...unbounded(schema.items as JsonSchema, `${path}[]`));
  }
  if (types.includes('object')) {
    const free = schema.additionalProperties;
    if (typeof free === 'object' || schema.properties === undefined) wants('maxProperties');
    if (typeof free === 'object') missing.push(...unbounded(free as JsonSchema, `${path}{}`));
    for (const [name, member] of Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)) {
      missing.push(...unbounded(member, `${path}.${name}`));
    }
  }
  return missing;
}
