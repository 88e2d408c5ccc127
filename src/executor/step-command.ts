import { accessSync, constants } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import type { JsonObject, StepOutputs } from '../events/run-event';
import { filled } from '../projects/placeholders';
import type { StepDefinition } from '../projects/project';
import { textOf } from './step-environment';

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

/** An argument refers to an output that its step did not report. */
export class MissingOutput extends Error {}

/**
 * Returns a command with the values of its placeholders. A parameter without a value becomes an empty text.
 * @throws MissingOutput
 */
export function withValues(
  { name, command }: Pick<StepDefinition, 'name' | 'command'>,
  params: JsonObject,
  outputs: StepOutputs,
): string[] {
  return command.map((argument) =>
    filled(argument, (reference) => {
      if (reference.kind === 'malformed') return reference.text;
      if (reference.kind === 'param') {
        return Object.hasOwn(params, reference.name) ? textOf(params[reference.name]) : '';
      }
      const ofStep = Object.hasOwn(outputs, reference.step) ? outputs[reference.step]! : {};
      if (Object.hasOwn(ofStep, reference.name)) return textOf(ofStep[reference.name]);
      throw new MissingOutput(
        `Step "${name}" needs ${reference.text}, but step "${reference.step}" reported no output "${reference.name}".`,
      );
    }),
  );
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
