import type { Environment } from '../config/environment';
import { usageFailure } from './failures';
import { oneLine } from './terminal-text';

/** Values by name of the param, in the given order. */
export interface ParamOptions {
  param?: Record<string, string[]>;
  /** Environment variables that contain values. */
  paramEnv?: Record<string, string[]>;
  /** The param whose value is on standard input. */
  paramStdin?: string;
}

type Input = AsyncIterable<Buffer | string> & { isTTY?: boolean };

/**
 * Returns the params of a command line by name, or undefined without any. Values from variables and standard input
 * appear neither in the history of the shell nor in the list of processes.
 */
export async function givenParams(
  { param, paramEnv = {}, paramStdin }: ParamOptions,
  environment: Environment,
  input: Input,
): Promise<Record<string, string[]> | undefined> {
  const given = new Map(Object.entries(param ?? {}));
  const add = (name: string, value: string) => given.set(name, [...(given.get(name) ?? []), value]);
  for (const [name, variables] of Object.entries(paramEnv)) {
    for (const variable of variables) add(name, valueOf(variable, name, environment));
  }
  if (paramStdin !== undefined) add(paramStdin, await textFrom(input));
  return given.size === 0 ? undefined : Object.fromEntries(given);
}

function valueOf(variable: string, name: string, environment: Environment): string {
  const value = environment[variable];
  if (value !== undefined) return value;
  throw usageFailure(
    `--param-env ${oneLine(name)}: the environment variable ${oneLine(variable)} is not set.`,
  );
}

/** Drops the line break that `echo` and editors add at the end. */
async function textFrom(input: Input): Promise<string> {
  if (input.isTTY)
    throw usageFailure('--param-stdin reads a pipe or a file, because a terminal would show the text.');
  const parts: Buffer[] = [];
  for await (const part of input) parts.push(Buffer.from(part));
  return Buffer.concat(parts)
    .toString()
    .replace(/\r?\n$/, '');
}
