import { accessSync, constants } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import type { StepDefinition } from '../projects/project';

/** How interpreters take a script as an argument, where it is not `-c`. */
const SCRIPT_OPTIONS: Record<string, string> = {
  deno: 'eval',
  lua: '-e',
  node: '-e',
  nodejs: '-e',
  perl: '-e',
  php: '-r',
  powershell: '-Command',
  pwsh: '-Command',
  Rscript: '-e',
  ruby: '-e',
};

/**
 * Returns the program of a step and its arguments. A script becomes one argument of its interpreter.
 * @param path the variable PATH of the step
 */
export function commandOf(
  { name, command, script }: Pick<StepDefinition, 'name' | 'command' | 'script'>,
  path: string | undefined,
): string[] {
  if (script === null) return command;
  const { text, shell } = script;
  // The last argument is $0, which a shell puts before its error messages.
  if (shell === null)
    return isInPath('bash', path ?? '')
      ? ['bash', '-eo', 'pipefail', '-c', text, name]
      : ['sh', '-e', '-c', text, name];
  const option = SCRIPT_OPTIONS[basename(shell[0]!)] ?? '-c';
  return [...shell, ...(shell.length > 1 && shell.at(-1) === option ? [] : [option]), text];
}

/** Replaces `~` by the home of the user, as a shell does. */
export function workingDirOf({ workingDir }: Pick<StepDefinition, 'workingDir'>, home: string): string {
  return workingDir === '~' || workingDir.startsWith('~/') ? join(home, workingDir.slice(1)) : workingDir;
}

function isInPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
