import { randomUUID } from 'node:crypto';
import type { Schema } from './openapi';
import type { SeededRandom } from './random';

const CHARACTERS = [
  'a',
  'Z',
  '0',
  '-',
  '_',
  '.',
  ' ',
  '/',
  '%',
  '"',
  '\\',
  "'",
  '<',
  'é',
  '漢',
  '😀',
  '\n',
  '\u0000',
];
/** Values of all types, so that each is wrong for some schema. */
const ODD_VALUES: unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  '',
  ' ',
  'null',
  '-1',
  '1e3',
  '\ud800',
  '../../etc/passwd',
  "'; DROP TABLE runs; --",
  'x'.repeat(3000),
  '2026-13-45T99:99:99Z',
  '+275760-09-13T00:00:00.000Z',
  '00000000-0000-0000-0000-000000000000',
  [],
  {},
  [[[[[]]]]],
  { toString: 1, constructor: { prototype: 1 } },
  JSON.parse('{"__proto__": {"polluted": true}}'),
];

/** Creates values from schemas. `known` contains existing values of the server, by member name. */
export class FuzzedValues {
  constructor(
    private readonly random: SeededRandom,
    private readonly schemas: Record<string, Schema>,
    private readonly known: Record<string, unknown[]>,
  ) {}

  /** Returns a value that the schema allows. */
  valid(given: Schema, name = ''): unknown {
    const schema = this.resolved(given);
    const known = this.known[name];
    if (known && this.chance(0.7)) return this.random.pick(known);
    if (schema.nullable && this.chance(0.1)) return null;
    if (Array.isArray(schema.enum)) return this.random.pick(schema.enum);
    if (Array.isArray(schema.oneOf)) return this.valid(this.random.pick(schema.oneOf as Schema[]), name);
    switch (schema.type) {
      case 'integer':
        return this.random.integer(
          Number(schema.minimum ?? -5),
          Math.min(Number(schema.maximum ?? 300), 300),
        );
      case 'number':
        return this.random.integer(Number(schema.minimum ?? -5), 60) / this.random.pick([1, 2, 100]);
      case 'boolean':
        return this.chance(0.5);
      case 'array':
        return Array.from({ length: this.random.integer(0, 3) }, () => this.valid(schema.items as Schema));
      case 'object':
        return this.object(schema);
      default:
        return this.text(schema);
    }
  }

  /** Returns a value that the schema may forbid, sometimes deep inside a valid one. */
  odd(given: Schema, name = ''): unknown {
    const schema = this.resolved(given);
    if (schema.type !== 'object' || this.chance(0.2)) return this.random.pick(ODD_VALUES);
    const value = this.valid(schema, name) as Record<string, unknown>;
    const members = Object.keys((schema.properties as object | undefined) ?? {});
    switch (this.random.integer(0, 2)) {
      case 0:
        return { ...value, [this.word()]: this.random.pick(ODD_VALUES) };
      case 1:
        return Object.fromEntries(Object.entries(value).filter(() => this.chance(0.6)));
      default:
        return members.length === 0
          ? this.random.pick(ODD_VALUES)
          : { ...value, [this.random.pick(members)]: this.random.pick(ODD_VALUES) };
    }
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  resolved(schema: Schema): Schema {
    const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
    return name === undefined ? schema : this.schemas[name]!;
  }

  private object({ properties = {}, required = [], additionalProperties }: Schema): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const [name, schema] of Object.entries(properties as Record<string, Schema>)) {
      if ((required as string[]).includes(name) || this.chance(0.5)) value[name] = this.valid(schema, name);
    }
    if (additionalProperties && this.chance(0.4)) value[this.word()] = this.random.pick([1, 'x', true, null]);
    return value;
  }

  private text({ format, pattern, minLength = 0, maxLength = 40 }: Schema): string {
    if (format === 'uuid') return randomUUID();
    if (format === 'date-time') return new Date(this.random.integer(0, 2 ** 31) * 1000).toISOString();
    if (pattern !== undefined) return String(this.random.integer(0, 999));
    return this.word(this.random.integer(Number(minLength), Math.min(Number(maxLength), 40)));
  }

  private word(length = this.random.integer(1, 8)): string {
    return Array.from({ length }, () => this.random.pick(CHARACTERS)).join('');
  }
}
