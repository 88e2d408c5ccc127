import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Config, loadConfig, loadWorkerConfig } from './config';
import { ConfigError } from './config-error';
import type { Environment } from './environment';

const CWD = '/srv/jobato';
const TOKEN = '0123456789abcdef';
const load = (environment: Environment = {}): Config => loadConfig(environment, CWD);
const reasonsOf = (environment: Environment): string[] => {
  try {
    load(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.flaws.map(({ text }) => text);
    throw error;
  }
};

describe('loadConfig', () => {
  it('has a default for every setting', () => {
    const { workerConcurrency, ...config } = load();
    expect(workerConcurrency).toBeGreaterThanOrEqual(1);
    expect(config).toEqual({
      isDevelopment: false,
      host: '127.0.0.1',
      port: 3000,
      dataDir: resolve(CWD, 'data'),
      workDir: resolve(CWD, 'data/work'),
      htmlDir: resolve(CWD, 'data/html'),
      workerDrainSeconds: 5,
      serverUrl: 'http://127.0.0.1:3000',
      configDir: resolve(CWD, 'config'),
      configDirLabel: 'config',
      databaseFile: resolve(CWD, 'data/db/jobato.db'),
      worker: 'embedded',
      apiKeys: [],
      adminToken: null,
      secretKey: null,
      tls: null,
      trustProxy: false,
      corsOrigins: [],
      allowedHosts: [],
      publicUrl: null,
      basePath: '',
      smtpUrl: null,
      mailFrom: null,
      redisUrl: null,
      runEventsStream: 'ml:run-events',
      runLogsStream: 'ml:run-logs',
      runEventsRetentionHours: 72,
      retentionDays: null,
      logLimitBytes: 50 * 1024 * 1024,
      artifactLimitBytes: 100 * 1024 * 1024,
      resultLimitBytes: 1000 * 1024 * 1024,
      requestTimeoutMs: 300_000,
      uploadIdleMs: 60_000,
      uploadTimeoutMs: 3_600_000,
      minFreeDiskBytes: 64_000_000,
      logLevel: 'info',
      secretFiles: [],
      environment: {},
    });
  });

  it.each<[string, Environment, Partial<Config>]>([
    ['port 0, which the system replaces by a free one', { PORT: '0' }, { port: 0 }],
    ['an empty variable as unset', { PORT: '', HOST: ' ' }, { port: 3000, host: '127.0.0.1' }],
    ['spaces around a value', { PORT: ' 8080 ' }, { port: 8080 }],
    [
      'folders relative to the working directory',
      { DATA_DIR: 'd', CONFIG_DIR: '../c' },
      { dataDir: '/srv/jobato/d', configDir: '/srv/c' },
    ],
    ['a folder with an absolute path', { DATA_DIR: '/var/d' }, { databaseFile: '/var/d/db/jobato.db' }],
    ['the key of secrets', { JOBATO_SECRET_KEY: ` ${'k'.repeat(16)} ` }, { secretKey: 'k'.repeat(16) }],
    ['several keys', { JOBATO_API_KEY: 'one, two,,three ,' }, { apiKeys: ['one', 'two', 'three'] }],
    ['names in lower case', { ALLOWED_HOSTS: 'Tools.Example.com' }, { allowedHosts: ['tools.example.com'] }],
    [
      'origins',
      { CORS_ORIGINS: 'https://a.example,http://b.example:81' },
      { corsOrigins: ['https://a.example', 'http://b.example:81'] },
    ],
    ['a number of proxies', { TRUST_PROXY: '2' }, { trustProxy: 2 }],
    ['a proxy', { TRUST_PROXY: 'true' }, { trustProxy: 1 }],
    ['no proxy', { TRUST_PROXY: 'false' }, { trustProxy: false }],
    ['proxies by address', { TRUST_PROXY: 'loopback, 10.0.0.1' }, { trustProxy: 'loopback, 10.0.0.1' }],
    [
      'proxies by range',
      { TRUST_PROXY: '10.0.0.0/8, fd00::/8, 10.0.0.0/255.0.0.0, uniquelocal' },
      { trustProxy: '10.0.0.0/8, fd00::/8, 10.0.0.0/255.0.0.0, uniquelocal' },
    ],
    [
      'a public address with a path',
      { PUBLIC_URL: 'https://tools.example.com/jobato/' },
      { publicUrl: 'https://tools.example.com/jobato', basePath: '/jobato' },
    ],
    ['a base path alone', { BASE_PATH: '/jobato' }, { publicUrl: null, basePath: '/jobato' }],
    [
      'HTTPS files',
      { TLS_CERT_FILE: __filename, TLS_KEY_FILE: __filename },
      { tls: { certFile: __filename, keyFile: __filename } },
    ],
    ['a Redis', { REDIS_URL: 'redis://localhost:6379' }, { redisUrl: 'redis://localhost:6379' }],
    [
      'a stream name, and derives the log stream from it',
      { RUN_EVENTS_STREAM: 'team:run-events' },
      { runEventsStream: 'team:run-events', runLogsStream: 'team:run-logs' },
    ],
    ['a stream name without a prefix', { RUN_EVENTS_STREAM: 'jobs' }, { runLogsStream: 'jobs:logs' }],
    ['no worker', { WORKER: 'off' }, { worker: 'off' }],
    ['a smaller log', { LOG_LIMIT_MB: '1' }, { logLimitBytes: 1024 * 1024 }],
  ])('reads %s', (_what, environment, expected) => expect(load(environment)).toMatchObject(expected));

  it.each<[string, Environment, RegExp]>([
    [
      'a port that is not a number',
      { PORT: 'http' },
      /^PORT must be a whole number from 0 to 65535, not "http"\.$/,
    ],
    ['a port out of range', { PORT: '65536' }, /^PORT/],
    ['a fractional port', { PORT: '80.5' }, /^PORT/],
    ['a negative port', { PORT: '-1' }, /^PORT/],
    ['zero slots', { WORKER_CONCURRENCY: '0' }, /^WORKER_CONCURRENCY/],
    ['a Redis without a scheme', { REDIS_URL: 'localhost:6379' }, /^REDIS_URL must be a URL/],
    ['a log limit of 0 MB', { LOG_LIMIT_MB: '0' }, /^LOG_LIMIT_MB/],
    [
      'a short key of secrets',
      { JOBATO_SECRET_KEY: 'k'.repeat(15) },
      /^JOBATO_SECRET_KEY must have at least 16 characters, because it protects the secrets of runs\. /,
    ],
    ['an unknown worker kind', { WORKER: 'on' }, /^WORKER must be one of embedded, off, not "on"\.$/],
    ['an unknown log level', { LOG_LEVEL: 'INFO' }, /^LOG_LEVEL must be one of trace/],
    ['a certificate without its key', { TLS_CERT_FILE: __filename }, /Set both or neither/],
    ['a key without its certificate', { TLS_KEY_FILE: __filename }, /Set both or neither/],
    ['missing HTTPS files', { TLS_CERT_FILE: 'c.pem', TLS_KEY_FILE: __filename }, /c\.pem cannot be read/],
    [
      'an origin with a path',
      { CORS_ORIGINS: 'https://a.example/' },
      /^CORS_ORIGINS: "https:\/\/a.example\/"/,
    ],
    ['a wildcard origin', { CORS_ORIGINS: '*' }, /^CORS_ORIGINS: "\*"/],
    ['the origin null', { CORS_ORIGINS: 'null' }, /^CORS_ORIGINS: "null"/],
    ['a wildcard host', { ALLOWED_HOSTS: 'a.example,*' }, /^ALLOWED_HOSTS: "\*" is not supported/],
    ['a host with a port', { ALLOWED_HOSTS: 'a.example:80' }, /^ALLOWED_HOSTS: "a.example:80"/],
    ['a proxy by name', { TRUST_PROXY: 'loopback, nginx' }, /^TRUST_PROXY must be a number of proxies/],
    ['a range that covers all addresses', { TRUST_PROXY: '0.0.0.0/0' }, /^TRUST_PROXY/],
    ['a netmask with holes', { TRUST_PROXY: '10.0.0.0/255.0.255.0' }, /^TRUST_PROXY/],
    [
      'two different base paths',
      { PUBLIC_URL: 'https://a.example/b', BASE_PATH: '/c' },
      /^BASE_PATH is \/c, but the path of PUBLIC_URL is \/b/,
    ],
    ['an origin without a scheme', { CORS_ORIGINS: 'a.example' }, /^CORS_ORIGINS/],
  ])('rejects %s', (_what, environment, reason) =>
    expect(reasonsOf(environment)).toEqual([expect.stringMatching(reason)]),
  );

  it('reports all errors at once', () => {
    const environment = {
      HOST: '0.0.0.0',
      PORT: 'x',
      WORKER: 'y',
      LOG_LEVEL: 'z',
      CORS_ORIGINS: 'a,b',
      TLS_KEY_FILE: __filename,
    };
    expect(reasonsOf(environment)).toHaveLength(7);
    expect(() => load(environment)).toThrow(/HOST[^]*TLS[^]*CORS[^]*PORT[^]*WORKER[^]*LOG_LEVEL/);
  });

  describe('with secrets in files', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'jobato-config-'));
      writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
      writeFileSync(join(folder, 'keys'), 'first-key-of-a-length\r\nsecond-key-of-a-length\n');
      writeFileSync(join(folder, 'redis'), 'redis://:hunter2@redis.example:6379\n');
      writeFileSync(join(folder, 'two-lines'), 'a token\nof two lines');
      writeFileSync(join(folder, 'no-address'), 'hunter2@redis.example');
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const loadIn = (environment: Environment) => loadConfig(environment, folder);
    const refusal = (environment: Environment) => {
      try {
        loadIn(environment);
      } catch (error) {
        return (error as ConfigError).flaws.map(({ text }) => text);
      }
      return [];
    };

    it('reads each secret, without its trailing line break', () =>
      expect(
        loadIn({
          HOST: '0.0.0.0',
          JOBATO_ADMIN_TOKEN_FILE: 'token',
          JOBATO_API_KEY_FILE: join(folder, 'keys'),
          REDIS_URL_FILE: 'redis',
        }),
      ).toMatchObject({
        adminToken: TOKEN,
        apiKeys: ['first-key-of-a-length', 'second-key-of-a-length'],
        redisUrl: 'redis://:hunter2@redis.example:6379',
        environment: { HOST: '0.0.0.0' },
      }));

    it.each<[string, Environment, RegExp]>([
      ['a file that is missing', { HOST: '0.0.0.0', JOBATO_ADMIN_TOKEN_FILE: 'gone' }, /gone does not exist/],
      ['a token of two lines', { JOBATO_ADMIN_TOKEN_FILE: 'two-lines' }, /line break/],
      ['an invalid address', { REDIS_URL_FILE: 'no-address' }, /^REDIS_URL must be a URL/],
    ])('rejects %s with one message that shows no secret', (_what, environment, reason) => {
      expect(refusal(environment)).toEqual([expect.stringMatching(reason)]);
      expect(refusal(environment).join()).not.toMatch(/hunter2|of two lines/);
    });

    it('does not read the admin token file for a worker', () =>
      expect(
        loadWorkerConfig({ JOBATO_ADMIN_TOKEN_FILE: 'gone', JOBATO_API_KEY_FILE: 'keys' }, folder),
      ).toMatchObject({ apiKey: 'first-key-of-a-length', adminToken: null, environment: {} }));
  });

  it('passes no secret of its own to steps, set directly or as a file', () => {
    const secrets = { JOBATO_ADMIN_TOKEN: TOKEN, JOBATO_API_KEY: 'key', REDIS_URL: 'redis://:pw@localhost' };
    const files = { JOBATO_ADMIN_TOKEN_FILE: '', JOBATO_API_KEY_FILE: '', REDIS_URL_FILE: '' };
    expect(load({ ...secrets, ...files, HOME: '/h', LLM_KEY: 'x' }).environment).toEqual({
      HOME: '/h',
      LLM_KEY: 'x',
    });
  });

  it.each([
    '0.0.0.0',
    '::',
    '192.168.1.5',
    'tools.example.com',
    '127.0.0.1.example.com',
    'localhost.example.com',
  ])('rejects listening on %s without a token', (HOST) => {
    expect(reasonsOf({ HOST })).toEqual([expect.stringContaining('JOBATO_ADMIN_TOKEN is not set')]);
    expect(reasonsOf({ HOST, JOBATO_ADMIN_TOKEN: '   ' })).toHaveLength(1);
    expect(reasonsOf({ HOST, JOBATO_ADMIN_TOKEN: TOKEN })).toEqual([]);
  });

  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])(
    'allows listening on %s without a token',
    (HOST) => expect(reasonsOf({ HOST })).toEqual([]),
  );
});

describe('loadWorkerConfig', () => {
  const loadWorker = (environment: Environment) => loadWorkerConfig(environment, CWD);

  it('takes the first of several keys, and removes the trailing slash of the URL', () => {
    const environment = { JOBATO_API_KEY: 'new,old', JOBATO_URL: 'https://jobato.example/', HOME: '/h' };
    expect(loadWorker(environment)).toMatchObject({
      apiKey: 'new',
      serverUrl: 'https://jobato.example',
      environment: { HOME: '/h', JOBATO_URL: 'https://jobato.example/' },
    });
  });

  it.each<[string, Environment, RegExp]>([
    ['no key', {}, /JOBATO_API_KEY is not set/],
    ['an invalid address', { JOBATO_API_KEY: 'k', JOBATO_URL: 'jobato.example' }, /JOBATO_URL must be/],
    ['another protocol', { JOBATO_API_KEY: 'k', JOBATO_URL: 'redis://jobato' }, /JOBATO_URL must be/],
    ['an invalid number', { JOBATO_API_KEY: 'k', WORKER_DRAIN_SECONDS: '1.5' }, /WORKER_DRAIN_SECONDS/],
    [
      'an address with a password, without repeating it',
      { JOBATO_API_KEY: 'k', JOBATO_URL: 'http://me:hunter2@jobato.example' },
      /^(?!.*hunter2)[^]*without user name or password/,
    ],
  ])('rejects %s', (_, environment, reason) => expect(() => loadWorker(environment)).toThrow(reason));

  it('ignores settings that concern only the server', () => {
    const shared = {
      JOBATO_API_KEY: 'k',
      HOST: '0.0.0.0',
      PORT: 'x',
      TLS_CERT_FILE: '/none',
      CORS_ORIGINS: 'x',
    };
    const { JOBATO_API_KEY: _secret, ...others } = shared;
    expect(loadWorker(shared).environment).toEqual(others);
  });
});
