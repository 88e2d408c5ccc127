import type { Command } from 'commander';
import type { JobatoClient } from '../jobato-client';
import { oneLine } from '../terminal-text';
import { suggestionsOf } from './suggestions';
import { wantedBy } from './wanted';

/** Tells the script of the shell to suggest files. */
const FILES = ':files';

/**
 * Returns the lines that the script of a shell reads: a value, a tab and its description. Without a server there are
 * fewer values, and never an error: it would be printed into the line that the user is typing.
 */
export async function complete(
  program: Command,
  client: () => JobatoClient,
  words: readonly string[],
): Promise<string[]> {
  const { wanted, current, before } = wantedBy(program, words);
  if (wanted.kind === 'files') return [FILES];
  const found =
    wanted.kind === 'values'
      ? wanted.values
      : await fromServer(() => suggestionsOf(client(), wanted, current));
  return found
    .filter(({ value }) => value.startsWith(current) && value === oneLine(value))
    .map(({ value, description }) => `${before}${value}\t${oneLine(description)}`);
}

async function fromServer<Values>(read: () => Promise<Values[]>): Promise<Values[]> {
  try {
    return await read();
  } catch {
    return [];
  }
}
