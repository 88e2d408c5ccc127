import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Returns the script of a shell. It only passes on words, so that it fits each later version of the program. */
export function completionScript(shell: Shell): string {
  return readFileSync(join(__dirname, '..', '..', '..', 'completions', `jobato.${shell}`), 'utf8');
}
