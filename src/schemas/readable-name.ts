/**
 * Pattern for names without control characters, invisible format characters and line separators. Those characters
 * reorder or hide the text around them: "n<U+202E>cod.exe" is displayed as "nexe.doc". Requires the regular expression
 * flag `u`.
 */
export const READABLE_NAME = '^[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]*$';

const readable = new RegExp(READABLE_NAME, 'u');

/** Whether an untrusted name can be displayed unchanged. */
export function isReadableName(name: string): boolean {
  return readable.test(name);
}
