/** Approximate overhead of a value or object member, in bytes. */
const BYTES_PER_NODE = 16;

/**
 * Returns the approximate size of a value in memory, in bytes. Counts strings and buffers in plain objects and arrays.
 * Does not count the contents of maps, sets and class instances behind getters: they are internal state, not external
 * input.
 */
export function textSize(value: unknown): number {
  if (typeof value === 'string') return BYTES_PER_NODE + 2 * value.length;
  if (typeof value !== 'object' || value === null) return BYTES_PER_NODE;
  if (ArrayBuffer.isView(value)) return BYTES_PER_NODE + value.byteLength;
  let size = BYTES_PER_NODE;
  for (const member of Object.values(value)) size += textSize(member);
  return size;
}
