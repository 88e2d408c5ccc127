import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';

/** A replacement of a part of the text. */
interface Edit {
  start: number;
  end: number;
  text: string;
}

/**
 * Sets `enabled` of some items of a list, and leaves every other character of the file as it is. Changes the text, not
 * the parsed document, whose output would have another format.
 * @param source of a valid file
 * @param list the key of the list
 * @param indexes of the items
 * @returns null if the text has no place for the key. The caller compares the content: items can share their values
 */
export function withEnabled(
  source: string,
  list: string,
  indexes: readonly number[],
  isEnabled: boolean,
): string | null {
  const document = parseDocument(source, { merge: true });
  const items = itemsOf(document, list);
  const edits = indexes.map((index) => editOf(source, items?.[index], String(isEnabled)));
  if (!edits.every((edit) => edit !== null)) return null;
  // From the end, so that the offsets of the others stay right.
  return edits
    .sort((one, other) => other.start - one.start)
    .reduce((text, { start, end, text: part }) => text.slice(0, start) + part + text.slice(end), source);
}

function itemsOf(document: Document, list: string): unknown[] | null {
  if (!isMap(document.contents)) return null;
  const value = pairOf(document.contents, list)?.value;
  const sequence = isAlias(value) ? value.resolve(document) : value;
  return isSeq(sequence) ? sequence.items : null;
}

function editOf(source: string, item: unknown, value: string): Edit | null {
  // An alias stands for all of another item. Merging it keeps its values, and a key of its own wins over them.
  if (isAlias(item)) return replaced(item, `{ <<: *${item.source}, enabled: ${value} }`);
  if (!isMap(item)) return null;
  const pair = pairOf(item, 'enabled');
  if (pair !== undefined)
    return isScalar(pair.value) || isAlias(pair.value) ? replaced(pair.value, value) : null;
  return item.flow ? addedInFlow(item, value) : addedInBlock(source, item, value);
}

/** Adds the key after the last value, in the style of the other keys: JSON has them in double quotes. */
function addedInFlow(item: YAMLMap, value: string): Edit | null {
  const end = endOf(item.items.at(-1));
  if (end === null) return null;
  const isJson = item.items.every(({ key }) => isScalar(key) && key.type === 'QUOTE_DOUBLE');
  return { start: end, end, text: isJson ? `, "enabled": ${value}` : `, enabled: ${value}` };
}

/** Adds a line after the line of the last value, below the first key. */
function addedInBlock(source: string, item: YAMLMap, value: string): Edit | null {
  const first = (item.items[0]?.key as Node | undefined)?.range?.[0];
  const end = endOf(item.items.at(-1));
  if (first === undefined || end === null) return null;
  const column = first - (source.lastIndexOf('\n', first - 1) + 1);
  const line = `${' '.repeat(column)}enabled: ${value}`;
  // The value of a block text ends with its last line.
  const newline = source[end - 1] === '\n' ? end - 1 : source.indexOf('\n', end);
  if (newline === -1) {
    const eol = source.includes('\r\n') ? '\r\n' : '\n';
    return { start: source.length, end: source.length, text: `${eol}${line}` };
  }
  const eol = source[newline - 1] === '\r' ? '\r\n' : '\n';
  return { start: newline + 1, end: newline + 1, text: `${line}${eol}` };
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

function replaced({ range }: Node, text: string): Edit | null {
  return range ? { start: range[0], end: range[1], text } : null;
}

/** Returns the offset after a pair. */
function endOf(pair: Pair | undefined): number | null {
  const last = (pair?.value ?? pair?.key) as Node | null | undefined;
  return last?.range?.[1] ?? null;
}
