import { sep } from 'node:path';

/** Whether this is the installed package, and not a checkout. */
const IS_INSTALLED = __dirname.split(sep).includes('node_modules');

/** A command as a person would type it, for hints. */
export function commandLine(command: string): string {
  if (IS_INSTALLED) return `jobato ${command}`;
  return command === 'serve' ? 'npm start' : `npm run jobato -- ${command}`;
}
