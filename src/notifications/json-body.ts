import { toUSVString } from 'node:util';

/**
 * Returns JSON for a receiver. Halves of characters, which come from workers and from cut texts, are replaced: strict
 * parsers reject the whole body because of one.
 */
export function jsonBody(content: object): string {
  return JSON.stringify(content, (_key, value: unknown) =>
    typeof value === 'string' ? toUSVString(value) : value,
  );
}
