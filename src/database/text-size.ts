/** What the members of an object cost beside their texts, roughly. */
const BYTES_PER_NODE = 16;

/**
 * Returns roughly how many bytes a value holds in memory: of texts and buffers in plain objects and arrays. Maps, sets
 * and class instances behind getters are not entered: they are state of this process, not input from outside.
 */
export function textSize(value: unknown): number {
  if (typeof value === 'string') return BYTES_PER_NODE + 2 * value.length;
  if (typeof value !== 'object' || value === null) return BYTES_PER_NODE;
  if (ArrayBuffer.isView(value)) return BYTES_PER_NODE + value.byteLength;
  let size = BYTES_PER_NODE;
  for (const member of Object.values(value)) size += textSize(member);
  return size;
}
