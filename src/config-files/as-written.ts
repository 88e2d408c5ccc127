import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml';

/** Where values are texts: names of keys, with `*` for any key or item. */
export type TextPath = readonly string[];

/** A list or mapping of the content. */
type Content = Record<string, unknown>;

/**
 * Replaces the plain scalars at these paths of the content by the text of the file. YAML reads `3.10`, `0123` and `1e3`
 * as numbers, and they would be written differently. Aliases and merge keys are followed.
 */
export function keepAsWritten(document: Document, content: object, paths: readonly TextPath[]): void {
  for (const path of paths) keepBelow(document, document.contents, content, path);
}

/**
 * @param taken the keys that need no look any more: a key of the map itself wins over a merged one, and the first of
 *   several merged maps over the others
 * @param seen the maps merged so far: an alias can refer to a map that contains it, and many can refer to one map
 */
function keepBelow(
  document: Document,
  node: unknown,
  content: unknown,
  path: TextPath,
  taken = new Set<string>(),
  seen = new Set<unknown>(),
): void {
  const collection = resolved(document, node);
  if (typeof content !== 'object' || content === null || seen.has(collection)) return;
  seen.add(collection);
  const [key, ...rest] = path;
  const keep = (name: string, value: unknown) => keepAt(document, value, content as Content, name, rest);
  if (isSeq(collection) && key === '*') {
    collection.items.forEach((item, index) => keep(String(index), item));
  } else if (isMap(collection)) {
    const pairs = collection.items.map(({ key: name, value }) => ({
      name: isScalar(name) ? name.value : null,
      value,
    }));
    for (const { name, value } of pairs.filter((pair) => !isMerge(pair.name))) {
      const text = String(name);
      if ((key === '*' || text === key) && !taken.has(text)) keep(text, value);
      taken.add(text);
    }
    for (const { value } of pairs.filter(({ name }) => isMerge(name)))
      for (const merged of mergedMaps(value)) keepBelow(document, merged, content, path, taken, seen);
  }
}

/** @param rest the path below this value; empty if the value itself is a text */
function keepAt(document: Document, value: unknown, content: Content, name: string, rest: TextPath): void {
  if (!Object.hasOwn(content, name)) return;
  if (rest.length > 0) return keepBelow(document, value, content[name], rest);
  const scalar = resolved(document, value);
  if (isScalar(scalar) && typeof scalar.value !== 'string') content[name] = scalar.source ?? '';
}

function resolved(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

/** The parser replaces the key `<<` by a symbol. */
function isMerge(name: unknown): boolean {
  return name === '<<' || typeof name === 'symbol';
}

function mergedMaps(value: unknown): unknown[] {
  return isSeq(value) ? value.items : [value];
}
