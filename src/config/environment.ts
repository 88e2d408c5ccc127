import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError, type ConfigFlaw } from './config-error';
import { decodeText } from './decode-text';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface GivenEnvironment {
  /** All variables: those of the process, and those in the file that the process does not set. */
  variables: Environment;
  /** The variables of the process. Every process of the same user can read them in /proc/<pid>/environ. */
  own: Environment;
  /** Null without a file .env. */
  file: { path: string; variables: Environment } | null;
}

const FILE = '.env';

/**
 * Reads the file .env in `folder`; variables of the process take precedence. Does not change `process.env`, which
 * child processes inherit: the file may contain secrets.
 * @throws ConfigError for an existing file that cannot be read
 */
export function readEnvironment(own: Environment, folder = process.cwd()): GivenEnvironment {
  const path = resolve(folder, FILE);
  const source = read(path);
  if (source === null) return { variables: own, own, file: null };
  const variables = parseEnv(source);
  return { variables: { ...variables, ...own }, own, file: { path, variables } };
}

function read(path: string): string | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new ConfigError([
      {
        variable: null,
        text: `${path} cannot be read (${code}). Give Jobato's user account read access to the file, or start Jobato in another folder.`,
      },
    ]);
  }
  const { text, flaw } = decodeText(bytes);
  if (flaw !== undefined) throw new ConfigError([{ variable: null, text: `${path} is invalid: ${flaw}.` }]);
  return text;
}

/**
 * Runs `load`, and adds the path of .env to errors in variables that are set there.
 * @throws ConfigError
 */
export function namingEnvFile<Result>({ own, file }: GivenEnvironment, load: () => Result): Result {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof ConfigError) || file === null) throw error;
    const inFile = new Set(Object.keys(file.variables).filter((name) => own[name] === undefined));
    const named = ({ variable, text }: ConfigFlaw): ConfigFlaw =>
      variable !== null && inFile.has(variable)
        ? { variable, text: `${text} ${variable} is set in ${file.path}.` }
        : { variable, text };
    throw new ConfigError(error.flaws.map(named));
  }
}
