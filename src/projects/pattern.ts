import { RE2JS, RE2JSException } from 're2js';

/** In UTF-8. */
export const MAX_PATTERN_BYTES = 1024;
/** The longest value, in UTF-8, that a pattern is matched against. For a list: all its values together. */
export const MAX_MATCHED_BYTES = 4 * 1024;
/** The time of a match is at most proportional to this times the length of the value. `[a-z]{1,1000}` fits. */
const MAX_INSTRUCTIONS = 2_100;

/**
 * Returns why a pattern cannot be used, or null if it can. Patterns are RE2, which matches in linear time; a
 * backtracking engine does not guarantee that. RE2 therefore has no look-around and no back-references.
 */
export function whyNoPattern(pattern: string): string | null {
  if (Buffer.byteLength(pattern) > MAX_PATTERN_BYTES)
    return `must be at most ${MAX_PATTERN_BYTES} bytes long`;
  if (/^(?:[^\\]|\\[^k])*\\k/s.test(pattern)) return NO_BACK_REFERENCES;
  try {
    const instructions = compile(pattern).programSize();
    if (instructions <= MAX_INSTRUCTIONS) return null;
    return `is too large: it has ${instructions} instructions after its repeats are expanded, more than the limit of ${MAX_INSTRUCTIONS}`;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return reasonOf(error);
  }
}

/**
 * Returns a function that returns true if the pattern matches the whole value. Callers check the pattern with
 * `whyNoPattern` and limit the length of the values.
 */
export function matcher(pattern: string): (value: string) => boolean {
  const compiled = compile(pattern);
  return (value) => compiled.matches(value);
}

const NO_BACK_REFERENCES = 'uses a back-reference, which is not supported (patterns are RE2)';

/** Also accepts JavaScript syntax: `\u0041`, `(?<name>…)`. */
function compile(pattern: string): RE2JS {
  return RE2JS.compile(RE2JS.translateRegExp(pattern));
}

function reasonOf({ message }: Error): string {
  const [, what = message] = /error parsing regexp: (.*)/s.exec(message) ?? [];
  if (/`\(\?<?[=!]/.test(what)) return 'uses look-around, which is not supported (patterns are RE2)';
  if (/`\\[1-9]/.test(what)) return NO_BACK_REFERENCES;
  return `is not a regular expression: ${what}`;
}
