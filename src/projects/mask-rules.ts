/**
 * Where the value of a `passEnv` variable is masked. `too-short` and `boolean` values are not masked, because the mask
 * would replace ordinary parts of the log.
 */
export type Masking = 'anywhere' | 'whole-words' | 'too-short' | 'boolean';

/** In characters. */
const MIN_LENGTH = 4;
const MIN_LENGTH_WITHIN_WORDS = 8;

/** Returns where to mask a value, or one line of it. Blanks around it do not count. */
export function maskingOf(value: string): Masking {
  const text = value.trim();
  if (/^(?:true|false)$/i.test(text)) return 'boolean';
  const { length } = [...text.slice(0, 2 * MIN_LENGTH_WITHIN_WORDS)];
  if (length < MIN_LENGTH) return 'too-short';
  // A number such as a PIN may be part of a longer number by chance.
  return length < MIN_LENGTH_WITHIN_WORDS || /^[+-]?\d+(?:\.\d+)?$/.test(text) ? 'whole-words' : 'anywhere';
}
