/**
 * Names without control characters, invisible format characters and line separators. Those reorder or hide the text
 * around them: "n<U+202E>cod.exe" is shown as "nexe.doc". As a regular expression with the flag `u`.
 */
export const READABLE_NAME = '^[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]*$';

const readable = new RegExp(READABLE_NAME, 'u');

/** Whether a name from outside is shown as it is. */
export function isReadableName(name: string): boolean {
  return readable.test(name);
}
