import { isDeepStrictEqual } from 'node:util';
import type { Flaw } from '../config-files/file-problem';
import { lineOfPath, type ParsedYaml } from '../config-files/parse-yaml';
import { withEnabled } from './enabled-edit';
import { parseAllowlists, parseQueries } from './input-file';
import type { AllowedDomain, Query } from './run-inputs';

/** One of the two lists of inputs. */
export interface InputList<Item extends { isEnabled: boolean }> {
  /** The key in the file. */
  key: string;
  parse: (source: string) => ParsedYaml<Item[]>;
  /** The id or the domain, by which an item is found. */
  nameOf: (item: Item) => string;
}

export const QUERIES: InputList<Query> = {
  key: 'queries',
  parse: parseQueries,
  nameOf: ({ queryId }) => queryId,
};
export const ALLOWLISTS: InputList<AllowedDomain> = {
  key: 'allowlists',
  parse: parseAllowlists,
  nameOf: ({ domain }) => domain,
};

export type Switched<Item> =
  | { outcome: 'changed'; source: string; item: Item }
  | { outcome: 'unchanged'; item: Item }
  | { outcome: 'unknown' }
  | { outcome: 'invalid'; flaw: Flaw }
  /** The item has its values from an anchor that other items use too, so that a change would change them. */
  | { outcome: 'shared'; line: number };

/**
 * Enables or disables the items with this name in the text of a file. Duplicates of a name are switched together,
 * because a search runs as long as one of them is enabled.
 */
export function switched<Item extends { isEnabled: boolean }>(
  source: string,
  { key, parse, nameOf }: InputList<Item>,
  name: string,
  isEnabled: boolean,
): Switched<Item> {
  const { content, flaws } = parse(source);
  if (content === undefined) return { outcome: 'invalid', flaw: flaws[0]! };
  const item = content.find((each) => nameOf(each) === name);
  if (item === undefined) return { outcome: 'unknown' };
  const indexes = content.flatMap((each, index) =>
    nameOf(each) === name && each.isEnabled !== isEnabled ? [index] : [],
  );
  if (indexes.length === 0) return { outcome: 'unchanged', item };
  const expected = content.map((each, index) => (indexes.includes(index) ? { ...each, isEnabled } : each));
  const edited = withEnabled(source, key, indexes, isEnabled);
  if (edited === null || !isDeepStrictEqual(parse(edited).content, expected))
    return { outcome: 'shared', line: lineOfPath(source, [key, indexes[0]!]) };
  return { outcome: 'changed', source: edited, item: { ...item, isEnabled } };
}
