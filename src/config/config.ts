import { accessSync, constants } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { compile } from 'proxy-addr';
import { flawOfAllowedHost } from './allowed-hosts';
import { ConfigError, type ConfigFlaw } from './config-error';
import type { Environment } from './environment';
import { isLoopback } from './ip-address';
import { flawsOfMail } from './mail-settings';
import { publicAddress, type PublicAddress } from './public-address';
import { readSecretFiles, SAFE_SECRET_LENGTH, type SecretFile, withoutSecrets } from './secrets';
import { flawOfServerUrl } from './server-url';
import { LIMIT_MEGABYTE, MEGABYTE } from './size-text';

/** The configuration of the process, parsed once. No other code reads the environment. */
export interface Config extends PublicAddress {
  host: string;
  /** 0 lets the system pick a port, which is then in the log. */
  port: number;
  dataDir: string;
  /** Contains a folder for each project, which is kept between its runs. */
  workDir: string;
  /** For raw pages and other bulk data of runs, in the data folder of the server. */
  htmlDir: string;
  configDir: string;
  /** CONFIG_DIR as written by the operator, for pages, messages and logs. */
  configDirLabel: string;
  databaseFile: string;
  worker: 'embedded' | 'off';
  workerConcurrency: number;
  /** Seconds that a worker process lets its runs continue after a stop signal, so that they can finish. */
  workerDrainSeconds: number;
  /** URL of the server, for worker processes and the command line. */
  serverUrl: string;
  /** Empty: calls below /api/internal are refused. */
  apiKeys: string[];
  adminToken: string | null;
  /** Text from which the key for secret params is derived; null: a generated key in the data folder. */
  secretKey: string | null;
  tls: { certFile: string; keyFile: string } | null;
  /** Express setting "trust proxy": a number of hops, or addresses. */
  trustProxy: string | number | false;
  corsOrigins: string[];
  /** In lower case; `.example.com` allows every name below it. */
  allowedHosts: string[];
  /** smtp:// or smtps://; null: no mail can be sent. */
  smtpUrl: string | null;
  /** The sender of notifications by mail; null if not set. */
  mailFrom: string | null;
  /** redis:// or rediss://; null: the embedded event stream. */
  redisUrl: string | null;
  /** Redis keys of events, which every client may read, and of log lines, which only the API reads. */
  runEventsStream: string;
  runLogsStream: string;
  runEventsRetentionHours: number;
  /** Default of `keep.days`. 0 = no limit, null = not set. */
  retentionDays: number | null;
  logLimitBytes: number;
  artifactLimitBytes: number;
  resultLimitBytes: number;
  /** Time limit for the body of a request. Uploads have one limit between two chunks and one in total. */
  requestTimeoutMs: number;
  uploadIdleMs: number;
  uploadTimeoutMs: number;
  /** Below this, /api/health reports the disk and runs are refused: SQLite needs space even to delete. */
  minFreeDiskBytes: number;
  logLevel: LogLevel;
  /** NODE_ENV=development: views are reloaded when their files change. */
  isDevelopment: boolean;
  /** Files that contain secrets; other users should not be able to read them. */
  secretFiles: SecretFile[];
  /** Variables that a step may receive (PATH, HOME, LANG and its passEnv). Excludes Jobato's own secrets. */
  environment: Environment;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Parses the configuration. Relative folders are resolved against `cwd`.
 * @throws ConfigError with every error
 */
export function loadConfig(environment: Environment, cwd = process.cwd()): Config {
  const secrets = readSecretFiles(environment, cwd);
  const flaws = [...secrets.flaws];
  const refuse = (variable: string, text: string) => void flaws.push({ variable, text });
  const text = (name: string) => (secrets.values[name] ?? environment[name])?.trim() || null;
  const list = (name: string) => splitList(text(name));

  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const raw = text(name);
    if (raw === null) return fallback;
    const value = Number(raw);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    refuse(name, `${name} must be a whole number from ${min} to ${max}, not "${raw}".`);
    return fallback;
  };
  /** @returns milliseconds */
  const seconds = (name: string, fallback: number): number => {
    const value = Number(text(name) ?? fallback);
    if (value >= 0.1 && value <= 86_400) return value * 1000;
    refuse(name, `${name} must be a number of seconds from 0.1 to 86400, not "${text(name)}".`);
    return fallback * 1000;
  };
  const oneOf = <T extends string>(name: string, values: readonly T[], fallback: T): T => {
    const raw = text(name);
    if (raw === null) return fallback;
    const value = values.find((candidate) => candidate === raw);
    if (value === undefined) refuse(name, `${name} must be one of ${values.join(', ')}, not "${raw}".`);
    return value ?? fallback;
  };

  const host = text('HOST') ?? '127.0.0.1';
  const adminToken = text('JOBATO_ADMIN_TOKEN');
  if (!isLoopback(host) && adminToken === null && text('JOBATO_ADMIN_TOKEN_FILE') === null) {
    refuse(
      'HOST',
      `HOST is ${host}, which other machines can reach, but JOBATO_ADMIN_TOKEN is not set. ` +
        `Set JOBATO_ADMIN_TOKEN to a long random token (for example: openssl rand -hex 32), or use HOST=127.0.0.1.`,
    );
  }
  if (hasControlCharacter(adminToken ?? '')) refuse('JOBATO_ADMIN_TOKEN', notSendable('JOBATO_ADMIN_TOKEN'));
  // A file with several keys may have one per line.
  const apiKeys = splitList(text('JOBATO_API_KEY'), /[,\r\n]/);
  if (apiKeys.some(hasControlCharacter)) refuse('JOBATO_API_KEY', notSendable('JOBATO_API_KEY'));
  const secretKey = text('JOBATO_SECRET_KEY');
  if (secretKey !== null && secretKey.length < SAFE_SECRET_LENGTH) {
    refuse(
      'JOBATO_SECRET_KEY',
      `JOBATO_SECRET_KEY must have at least ${SAFE_SECRET_LENGTH} characters, because it protects the secrets of runs. ` +
        'Create one with: openssl rand -hex 32',
    );
  }
  const certFile = text('TLS_CERT_FILE');
  const keyFile = text('TLS_KEY_FILE');
  if ((certFile === null) !== (keyFile === null)) {
    refuse(
      certFile === null ? 'TLS_KEY_FILE' : 'TLS_CERT_FILE',
      'Only one of TLS_CERT_FILE and TLS_KEY_FILE is set. Set both or neither.',
    );
  }
  for (const [name, file] of Object.entries({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile })) {
    if (file !== null && !isReadable(resolve(cwd, file)))
      refuse(name, `${name}: ${file} cannot be read. Check the path and the permissions.`);
  }
  const redisUrl = text('REDIS_URL');
  if (redisUrl !== null && !isRedisUrl(redisUrl)) {
    refuse(
      'REDIS_URL',
      'REDIS_URL must be a URL such as redis://localhost:6379 or rediss://user:password@host:6380/0.',
    );
  }
  const smtpUrl = text('SMTP_URL');
  const mailFrom = text('MAIL_FROM');
  flaws.push(...flawsOfMail(smtpUrl, mailFrom));
  if (text('DATABASE_URL') !== null) {
    refuse(
      'DATABASE_URL',
      'DATABASE_URL is not supported in this version, which stores its data in SQLite in DATA_DIR. Unset DATABASE_URL.',
    );
  }

  const corsOrigins = list('CORS_ORIGINS');
  for (const origin of corsOrigins) {
    if (!isOrigin(origin)) {
      refuse('CORS_ORIGINS', `CORS_ORIGINS: "${origin}" is not an origin such as https://tools.example.com.`);
    }
  }

  const allowedHosts = list('ALLOWED_HOSTS');
  for (const entry of allowedHosts) {
    const flaw = flawOfAllowedHost(entry);
    if (flaw !== null) refuse('ALLOWED_HOSTS', `ALLOWED_HOSTS: "${entry}" ${flaw}.`);
  }
  const trustProxy = parseTrustProxy(text('TRUST_PROXY'));
  if (typeof trustProxy === 'string' && !splitList(trustProxy).every(isProxyAddress)) {
    refuse(
      'TRUST_PROXY',
      `TRUST_PROXY must be a number of proxies or a list of addresses such as "loopback, 10.0.0.0/8", not "${trustProxy}".`,
    );
  }
  const { flaws: flawsOfAddress, ...address } = publicAddress(text('PUBLIC_URL'), text('BASE_PATH'));
  flaws.push(...flawsOfAddress);

  const runEventsStream = text('RUN_EVENTS_STREAM') ?? 'ml:run-events';
  const dataDir = resolve(cwd, text('DATA_DIR') ?? 'data');
  const configDirLabel = text('CONFIG_DIR') ?? 'config';
  const config: Config = {
    host,
    port: integer('PORT', 3000, 0, 65535),
    dataDir,
    workDir: resolve(dataDir, 'work'),
    htmlDir: resolve(dataDir, 'html'),
    configDir: resolve(cwd, configDirLabel),
    configDirLabel,
    databaseFile: resolve(dataDir, 'db', 'jobato.db'),
    worker: oneOf('WORKER', ['embedded', 'off'], 'embedded'),
    workerConcurrency: integer('WORKER_CONCURRENCY', availableParallelism(), 1, 1000),
    workerDrainSeconds: integer('WORKER_DRAIN_SECONDS', 5, 0, 86_400),
    serverUrl: (text('JOBATO_URL') ?? 'http://127.0.0.1:3000').replace(/\/+$/, ''),
    apiKeys,
    adminToken,
    secretKey,
    tls: certFile && keyFile ? { certFile: resolve(cwd, certFile), keyFile: resolve(cwd, keyFile) } : null,
    trustProxy,
    corsOrigins,
    allowedHosts: allowedHosts.map((name) => name.toLowerCase()),
    ...address,
    smtpUrl,
    mailFrom,
    redisUrl,
    runEventsStream,
    runLogsStream: logsBeside(runEventsStream),
    runEventsRetentionHours: integer('RUN_EVENTS_RETENTION_HOURS', 72, 1, 24 * 366),
    retentionDays: text('RETENTION_DAYS') === null ? null : integer('RETENTION_DAYS', 0, 0, 36_500),
    logLimitBytes: integer('LOG_LIMIT_MB', 50, 1, 10_000) * LIMIT_MEGABYTE,
    artifactLimitBytes: integer('ARTIFACT_LIMIT_MB', 100, 1, 100_000) * LIMIT_MEGABYTE,
    resultLimitBytes: integer('RESULT_LIMIT_MB', 1000, 1, 100_000) * LIMIT_MEGABYTE,
    requestTimeoutMs: seconds('REQUEST_TIMEOUT_SECONDS', 300),
    uploadIdleMs: seconds('UPLOAD_IDLE_SECONDS', 60),
    uploadTimeoutMs: seconds('UPLOAD_TIMEOUT_SECONDS', 3600),
    minFreeDiskBytes: integer('MIN_FREE_DISK_MB', 64, 0, 1_000_000) * MEGABYTE,
    logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    isDevelopment: text('NODE_ENV') === 'development',
    secretFiles: [
      ...secrets.files,
      ...(keyFile ? [{ variable: 'TLS_KEY_FILE', path: resolve(cwd, keyFile) }] : []),
    ],
    environment: withoutSecrets(environment),
  };
  if (flaws.length > 0) throw new ConfigError(flaws);
  return config;
}

/** Variables only for servers. A worker may share a file or an image with a server, and ignores errors in these. */
const SERVER_ONLY = [
  'HOST',
  'PORT',
  'JOBATO_ADMIN_TOKEN',
  'JOBATO_ADMIN_TOKEN_FILE',
  'JOBATO_SECRET_KEY',
  'JOBATO_SECRET_KEY_FILE',
  'TLS_CERT_FILE',
  'TLS_KEY_FILE',
  'TRUST_PROXY',
  'CORS_ORIGINS',
  'ALLOWED_HOSTS',
  'PUBLIC_URL',
  'BASE_PATH',
  'SMTP_URL',
  'SMTP_URL_FILE',
  'MAIL_FROM',
];

export interface WorkerConfig extends Config {
  /** The key for calls to the server. */
  apiKey: string;
}

/**
 * Parses the configuration of a worker process.
 * @throws ConfigError with every error
 */
export function loadWorkerConfig(environment: Environment, cwd = process.cwd()): WorkerConfig {
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => !SERVER_ONLY.includes(name)));
  const config = loadConfig(own, cwd);
  const { serverUrl } = config;
  const [apiKey] = config.apiKeys;
  const flaw = flawOfServerUrl(serverUrl);
  const flaws: ConfigFlaw[] = flaw === null ? [] : [{ variable: 'JOBATO_URL', text: flaw }];
  if (apiKey === undefined) {
    flaws.push({
      variable: 'JOBATO_API_KEY',
      text: 'JOBATO_API_KEY is not set. Set it to one of the keys in the JOBATO_API_KEY of the server.',
    });
  }
  if (apiKey === undefined || flaws.length > 0) throw new ConfigError(flaws);
  return { ...config, environment: withoutSecrets(environment), apiKey };
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Headers cannot contain control characters, so no client could send such a secret. */
function hasControlCharacter(secret: string): boolean {
  return /\p{Cc}/u.test(secret);
}

function notSendable(name: string): string {
  return `${name} contains a line break or another control character, which no client can send. Create a new value with: openssl rand -hex 32`;
}

function splitList(raw: string | null, separator: RegExp | string = ','): string[] {
  return (raw ?? '')
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function parseTrustProxy(raw: string | null): string | number | false {
  if (raw === null || raw === 'false') return false;
  if (/^\d+$/.test(raw)) return Number(raw);
  return raw === 'true' ? 1 : raw;
}

/** Whether Express accepts the value as the address of a trusted proxy. Express uses the same library. */
function isProxyAddress(value: string): boolean {
  try {
    compile(value);
    return true;
  } catch {
    return false;
  }
}

function isRedisUrl(value: string): boolean {
  return URL.canParse(value) && ['redis:', 'rediss:'].includes(new URL(value).protocol);
}

/** Returns the default key for log lines: `ml:run-logs` for `ml:run-events`, and a suffix for other names. */
export function logsBeside(eventsStream: string): string {
  return eventsStream.endsWith('run-events')
    ? `${eventsStream.slice(0, -'events'.length)}logs`
    : `${eventsStream}:logs`;
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}
