import type { JsonSchema } from '../../events/event-schemas';

/** A member of an object, as a row of a table. */
export interface SchemaRow {
  /** The path, such as `lines[].text`. Nested members follow their parent. */
  path: string;
  type: string;
  isRequired: boolean;
  description: string;
}

/** Above this number of values, the row shows only the number. */
const LISTED = 6;

/** Returns the members of a JSON Schema, outer before inner. Pure. */
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
  if (Array.isArray(schema.enum) && schema.enum.length > LISTED) return `one of ${schema.enum.length} values`;
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
