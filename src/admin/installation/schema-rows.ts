import type { JsonSchema } from '../../events/event-schemas';

/** A member of an object, as a row of a table. */
export interface SchemaRow {
  /** The path, such as `lines[].text`. Nested members follow their parent. */
  path: string;
  type: string;
  isRequired: boolean;
  description: string;
}

/** An enum with more values is shown as their number, such as "one of 7 values". */
const MAX_LISTED_VALUES = 6;

/** Returns a row for each member of a JSON Schema at any depth. Nested members directly follow their parent. Pure. */
export function schemaRows(schema: JsonSchema, prefix = ''): SchemaRow[] {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).flatMap(([name, member]) => {
    const path = `${prefix}${name}`;
    const items = member.items as JsonSchema | undefined;
    return [
      {
        path,
        type: typeText(member),
        isRequired: required.includes(name),
        description: typeof member.description === 'string' ? member.description : '',
      },
      ...(member.properties ? schemaRows(member, `${path}.`) : []),
      ...(items?.properties ? schemaRows(items, `${path}[].`) : []),
    ];
  });
}

function typeText(schema: JsonSchema): string {
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum) && schema.enum.length > MAX_LISTED_VALUES)
    return `one of ${schema.enum.length} values`;
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (schema.type === 'array') return `array of ${typeText((schema.items ?? {}) as JsonSchema)}`;
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  const type = typeof schema.type === 'string' ? schema.type : 'any';
  const limits = [
    ...(typeof schema.minimum === 'number' ? [`≥ ${schema.minimum}`] : []),
    ...(typeof schema.exclusiveMinimum === 'number' ? [`> ${schema.exclusiveMinimum}`] : []),
    ...(typeof schema.maximum === 'number' ? [`≤ ${schema.maximum}`] : []),
  ];
  return [type, ...limits].join(' ');
}
