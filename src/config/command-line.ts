import { sep } from 'node:path';

/** Whether this is the installed package, and not a checkout. */
const IS_INSTALLED = __dirname.split(sep).includes('node_modules');

/** Commands with their own script in package.json. */
const SCRIPTS: Record<string, string> = {
  serve: 'npm start',
  worker: 'npm run worker',
  demo: 'npm run demo',
};

/** Returns a command as a user types it, for hints. */
export function commandLine(command: string): string {
  if (IS_INSTALLED) return `jobato ${command}`;
  return SCRIPTS[command] ?? `npm run jobato -- ${command}`;
}
