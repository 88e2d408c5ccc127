import { sep } from 'node:path';

/** Whether this is the installed package, and not a checkout. */
const IS_INSTALLED = __dirname.split(sep).includes('node_modules');

/** Commands that package.json has a name of its own for. */
const SCRIPTS: Record<string, string> = {
  serve: 'npm start',
  worker: 'npm run worker',
  demo: 'npm run demo',
};

/** A command as a person would type it, for hints. */
export function commandLine(command: string): string {
  if (IS_INSTALLED) return `jobato ${command}`;
  return SCRIPTS[command] ?? `npm run jobato -- ${command}`;
}
