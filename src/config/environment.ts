import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError } from './config-error';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface GivenEnvironment {
  /** Everything that is set: the variables of the process, and those of the file that the process does not set. */
  variables: Environment;
  /** The variables of the process. Every process of the same user can read them in /proc/<pid>/environ. */
  own: Environment;
  /** Null without a file .env. */
  file: { path: string; variables: Environment } | null;
}

const FILE = '.env';

/**
 * Reads the file .env in `folder` and puts it below the variables of the process. Writes nothing to `process.env`,
 * which child processes inherit: the file may hold secrets.
 * @throws ConfigError for a file that is there and cannot be read
 */
export function readEnvironment(own: Environment, folder = process.cwd()): GivenEnvironment {
  const path = resolve(folder, FILE);
  const source = read(path);
  if (source === null) return { variables: own, own, file: null };
  // Editors on Windows put a byte order mark before the first name.
  const variables = parseEnv(source.replace(/^\ufeff/, ''));
  return { variables: { ...variables, ...own }, own, file: { path, variables } };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new ConfigError([
      `${path} cannot be read (${code}). Let this account read it, or start Jobato in another folder.`,
    ]);
  }
}
