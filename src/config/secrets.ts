import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigFlaw } from './config-error';
import { decodeText } from './decode-text';
import type { Environment } from './environment';

/**
 * The environment variables with Jobato's own secrets. A file can contain the secret instead: then the variable with the
 * suffix `_FILE` contains the path of the file. Jobato passes none of these variables to steps. Add each new secret here.
 */
export const SECRETS = [
  'JOBATO_ADMIN_TOKEN',
  'JOBATO_API_KEY',
  'JOBATO_SECRET_KEY',
  'REDIS_URL',
  'SMTP_URL',
] as const;
export type SecretName = (typeof SECRETS)[number];

/** A file that contains a secret, with the variable that refers to it. */
export interface SecretFile {
  variable: string;
  path: string;
}

export interface SecretsFromFiles {
  /** Values read from files, by the name of the secret. */
  values: Environment;
  files: SecretFile[];
  /** One flaw for each secret that cannot be used. Its text never contains the secret. */
  flaws: ConfigFlaw[];
}

/** A random secret of at least this length cannot be guessed over the network. */
export const SAFE_SECRET_LENGTH = 16;

const NAMES: ReadonlySet<string> = new Set(SECRETS.flatMap((name) => [name, fileVariableOf(name)]));

export function fileVariableOf(name: string): string {
  return `${name}_FILE`;
}

/** Whether a variable contains one of Jobato's secrets or the path of its file. */
export function isSecretVariable(name: string): boolean {
  return NAMES.has(name);
}

/** Returns the variables that a step may receive. */
export function withoutSecrets(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isSecretVariable(name)));
}

/** Reads the secret files to which `environment` refers. Relative paths are resolved against `folder`. */
export function readSecretFiles(
  environment: Environment,
  folder: string,
  names: readonly SecretName[] = SECRETS,
): SecretsFromFiles {
  const values: Record<string, string> = {};
  const files: SecretFile[] = [];
  const flaws: ConfigFlaw[] = [];
  for (const name of names) {
    const variable = fileVariableOf(name);
    const given = environment[variable]?.trim();
    if (!given) continue;
    if (environment[name]?.trim()) {
      flaws.push({ variable: name, text: `${name} and ${variable} are both set. Unset one of them.` });
      continue;
    }
    const path = resolve(folder, given);
    const content = readSecret(path);
    if ('flaw' in content) {
      flaws.push({ variable, text: `${variable}: ${path} ${content.flaw}` });
      continue;
    }
    values[name] = content.secret;
    files.push({ variable, path });
  }
  return { values, files, flaws };
}

/**
 * Reads a secret from a variable that a configuration file names, or from the file of the variable with the suffix
 * `_FILE`.
 * @param environment without Jobato's own secrets
 * @returns null if neither is set; else the secret, or what is wrong with it, which never contains the secret
 */
export function readNamedSecret(
  name: string,
  environment: Environment,
  folder = process.cwd(),
): { secret: string } | { flaw: string } | null {
  const value = environment[name]?.trim() ?? '';
  const variable = fileVariableOf(name);
  const file = environment[variable]?.trim() ?? '';
  if (value !== '' && file !== '')
    return { flaw: `${name} and ${variable} are both set. Unset one of them.` };
  if (value !== '') return { secret: value };
  if (file === '') return null;
  const path = resolve(folder, file);
  const content = readSecret(path);
  return 'flaw' in content ? { flaw: `${variable}: ${path} ${content.flaw}` } : content;
}

function readSecret(path: string): { secret: string } | { flaw: string } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { flaw: 'does not exist. Create the file, or correct the path.' };
    if (code === 'EISDIR') return { flaw: 'is a folder, not a file.' };
    return { flaw: `cannot be read (${code}). Give Jobato's user account read access to the file.` };
  }
  const { text, flaw } = decodeText(bytes);
  if (flaw !== undefined) return { flaw: `is invalid: ${flaw}.` };
  const secret = text.trim();
  return secret === ''
    ? { flaw: 'is empty. Write the secret into the file, or unset the variable.' }
    : { secret };
}

/**
 * Whether every user of this machine can read the file. Ignores read access for the file's group, because operators grant
 * it on purpose.
 */
export function isReadableByAll(path: string): boolean {
  if (process.platform === 'win32') return false;
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & 0o004) !== 0;
}
