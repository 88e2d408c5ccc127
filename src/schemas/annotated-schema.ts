/** A JSON Schema, or a part of one. */
export type JsonSchema = Record<string, unknown>;

/**
 * Members to add to parts of a schema, by path: names of keys, with `*` for any key or item. The empty path is the
 * whole schema.
 */
export type SchemaNotes = Readonly<Record<string, JsonSchema>>;

/** Returns a copy of the schema with the notes. A note replaces a member of the same name. */
export function annotatedSchema(schema: JsonSchema, notes: readonly SchemaNotes[], path = ''): JsonSchema {
  const added = notes.flatMap((note) => (Object.hasOwn(note, path) ? [note[path]!] : []));
  const { description, ...rules } = Object.assign({}, schema, ...added) as JsonSchema;
  const annotated: JsonSchema = description === undefined ? rules : { description, ...rules };
  for (const [place, parts] of partsOf(schema)) {
    const changed = Object.entries(parts).map(([key, part]) => [
      key,
      annotatedSchema(part, notes, joined(path, key)),
    ]);
    annotated[place] = place === 'properties' ? Object.fromEntries(changed) : changed[0]![1];
  }
  return annotated;
}

/** Returns each part of a schema by its path, as in notes. */
export function schemaParts(schema: JsonSchema, path = ''): [path: string, part: JsonSchema][] {
  return partsOf(schema).flatMap(([, parts]) =>
    Object.entries(parts).flatMap(([key, part]): [string, JsonSchema][] => {
      const at = joined(path, key);
      return [[at, part], ...schemaParts(part, at)];
    }),
  );
}

/** Returns the parts of a schema by the keyword that contains them, and by their name in a path. */
function partsOf({ properties, items, additionalProperties }: JsonSchema) {
  const found: [keyword: string, parts: Record<string, JsonSchema>][] = [];
  if (isObject(properties)) found.push(['properties', properties]);
  if (isObject(items)) found.push(['items', { '*': items }]);
  if (isObject(additionalProperties)) found.push(['additionalProperties', { '*': additionalProperties }]);
  return found;
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function isObject(value: unknown): value is Record<string, JsonSchema> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
