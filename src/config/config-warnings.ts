import { commandLine } from './command-line';
import type { Config } from './config';
import type { Environment, GivenEnvironment } from './environment';
import { isLoopback } from './ip-address';
import {
  SAFE_SECRET_LENGTH,
  fileVariableOf,
  isReadableByAll,
  type SecretFile,
  type SecretName,
  SECRETS,
} from './secrets';
import { unknownVariables } from './unknown-variables';

/** Returns settings that work but need attention, one sentence each. Contains no secrets. */
export function configWarnings(config: Config, environment: GivenEnvironment): string[] {
  const { own, file } = environment;
  return [
    ...unknownVariables(environment),
    ...shortSecrets(config),
    ...plainHttp(config),
    ...readableFiles([...config.secretFiles, ...envFile(file)]),
    ...(config.worker === 'embedded' ? exposedVariables(own) : []),
  ];
}

/** Returns the warnings for a worker process. Its steps can always read its key, so that is not reported. */
export function workerConfigWarnings(config: Config, environment: GivenEnvironment): string[] {
  return [
    ...unknownVariables(environment),
    ...shortKeys(config),
    ...readableFiles([...config.secretFiles, ...envFile(environment.file)]),
  ];
}

function shortSecrets(config: Config): string[] {
  const isShort = config.adminToken !== null && config.adminToken.length < SAFE_SECRET_LENGTH;
  return [...(isShort ? [tooShort('JOBATO_ADMIN_TOKEN is', 'has full access')] : []), ...shortKeys(config)];
}

function shortKeys({ apiKeys }: Config): string[] {
  return apiKeys.some((key) => key.length < SAFE_SECRET_LENGTH)
    ? [tooShort('JOBATO_API_KEY has a key that is', 'can claim runs')]
    : [];
}

function tooShort(what: string, power: string): string {
  return `${what} shorter than ${SAFE_SECRET_LENGTH} characters, and a client that guesses it ${power}. Create a longer one with: openssl rand -hex 32`;
}

/** Behind a proxy with HTTPS, PUBLIC_URL says so. */
function plainHttp({ host, tls, publicUrl }: Config): string[] {
  if (tls !== null || isLoopback(host) || publicUrl?.startsWith('https:')) return [];
  return [
    `HOST=${host} serves plain HTTP. If other machines can reach this port, everyone on the way can read tokens, params and logs. ` +
      'Set TLS_CERT_FILE and TLS_KEY_FILE, or let a proxy with HTTPS pass requests on and set PUBLIC_URL to its address.',
  ];
}

function readableFiles(files: SecretFile[]): string[] {
  return files
    .filter(({ path }) => isReadableByAll(path))
    .map(
      ({ variable, path }) =>
        `${variable}: every user of this machine can read ${path}. Run: chmod 600 ${path}`,
    );
}

/** Includes the file .env if it contains a secret. */
function envFile(file: GivenEnvironment['file']): SecretFile[] {
  return file !== null && SECRETS.some((name) => isSecret(name, file.variables[name]))
    ? [{ variable: '.env', path: file.path }]
    : [];
}

/** While a process runs, /proc/<pid>/environ shows the variables that it was started with. */
function exposedVariables(own: Environment): string[] {
  const names = SECRETS.filter((name) => isSecret(name, own[name]));
  if (names.length === 0) return [];
  const [subject, object] =
    names.length === 1 ? ['is an environment variable', 'it'] : ['are environment variables', 'them'];
  return [
    `${names.join(', ')} ${subject}, and every step can read ${object} in /proc. ` +
      `Use ${names.map(fileVariableOf).join(', ')} instead, or run steps under another user account with WORKER=off and ${commandLine('worker')}.`,
  ];
}

/** The URL of a server is a secret only if it contains a password. */
function isSecret(name: SecretName, value: string | undefined): boolean {
  const text = value?.trim() ?? '';
  if (name !== 'REDIS_URL' && name !== 'SMTP_URL') return text !== '';
  return URL.canParse(text) && new URL(text).password !== '';
}
