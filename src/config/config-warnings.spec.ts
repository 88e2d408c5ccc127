import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, loadWorkerConfig } from './config';
import { configWarnings, workerConfigWarnings } from './config-warnings';
import { type Environment, readEnvironment } from './environment';

const LONG = '0123456789abcdef';

describe('configWarnings', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobato-warnings-'));
    writeFileSync(join(folder, 'secret'), LONG, { mode: 0o600 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, content: string, mode: number) => {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
  };
  const warningsOf = (own: Environment): string[] => {
    const given = readEnvironment(own, folder);
    return configWarnings(loadConfig(given.variables, folder), given);
  };

  it.each<[string, Environment]>([
    ['an open server', {}],
    ['a variable without a value', { JOBATO_ADMIN_TOKEN: ' ' }],
    ['secrets in files', { JOBATO_ADMIN_TOKEN_FILE: 'secret', JOBATO_API_KEY_FILE: 'secret' }],
    [
      'secrets in variables when steps run elsewhere',
      { WORKER: 'off', JOBATO_ADMIN_TOKEN: LONG, JOBATO_API_KEY: LONG },
    ],
    ['a Redis without a password', { REDIS_URL: 'redis://localhost:6379' }],
  ])('returns no warning for %s', (_what, own) => expect(warningsOf(own)).toEqual([]));

  it.each([
    ['a token', { JOBATO_ADMIN_TOKEN: 'hunter2' }, /^JOBATO_ADMIN_TOKEN is shorter than 16 characters/],
    [
      'one of several keys',
      { JOBATO_API_KEY: `${LONG},hunter2` },
      /^JOBATO_API_KEY has a key that is shorter/,
    ],
  ])('warns of %s that is too short, without showing it', (_what, own, warning) => {
    const warnings = warningsOf({ ...own, WORKER: 'off' });
    expect(warnings).toEqual([expect.stringMatching(warning)]);
    expect(warnings.join()).not.toContain('hunter2');
  });

  it.each<[string, Environment, boolean]>([
    ['on a public address', { HOST: '0.0.0.0' }, true],
    ['behind a proxy without HTTPS', { HOST: '::', PUBLIC_URL: 'http://jobs.example.com' }, true],
    ['behind a proxy with HTTPS', { HOST: '::', PUBLIC_URL: 'https://jobs.example.com' }, false],
    ['on this machine only', { HOST: '127.0.0.1' }, false],
  ])('warns of plain HTTP where others can read it: %s', (_where, own, isReported) => {
    write('token', LONG, 0o600);
    const plain = warningsOf({ ...own, JOBATO_ADMIN_TOKEN_FILE: 'token' }).filter((text) =>
      text.includes('plain HTTP'),
    );
    expect(plain).toHaveLength(isReported ? 1 : 0);
  });

  it('warns of variables that steps can read, and suggests a fix', () => {
    expect(warningsOf({ JOBATO_ADMIN_TOKEN: LONG })).toEqual([
      'JOBATO_ADMIN_TOKEN is an environment variable, and every step can read it in /proc. ' +
        'Use JOBATO_ADMIN_TOKEN_FILE instead, or run steps under another user account with WORKER=off and npm run worker.',
    ]);
    const [warning, ...more] = warningsOf({ JOBATO_API_KEY: LONG, REDIS_URL: 'redis://:hunter2@localhost' });
    expect(warning).toMatch(/^JOBATO_API_KEY, REDIS_URL are environment variables/);
    expect(warning).not.toContain('hunter2');
    expect(more).toEqual([]);
  });

  it('does not warn of secrets in .env as environment variables', () => {
    write('.env', `JOBATO_ADMIN_TOKEN=${LONG}\n`, 0o600);
    expect(warningsOf({})).toEqual([]);
  });

  it('warns of secret files that every user can read', () => {
    write('secret', LONG, 0o644);
    write('.env', `JOBATO_API_KEY=${LONG}\n`, 0o644);
    const warnings = warningsOf({ JOBATO_ADMIN_TOKEN_FILE: 'secret' });
    expect(warnings).toEqual([
      `JOBATO_ADMIN_TOKEN_FILE: every user of this machine can read ${join(folder, 'secret')}. Run: chmod 600 ${join(folder, 'secret')}`,
      expect.stringMatching(/^\.env: every user of this machine can read /),
    ]);
    write('.env', 'PORT=0\nREDIS_URL=redis://localhost\n', 0o644);
    expect(warningsOf({})).toEqual([]);
  });

  it('warns a worker of a short key, but not that its steps can read it', () => {
    const given = readEnvironment({ JOBATO_API_KEY: 'hunter2' }, folder);
    expect(workerConfigWarnings(loadWorkerConfig(given.variables, folder), given)).toEqual([
      expect.stringMatching(/^JOBATO_API_KEY has a key that is shorter/),
    ]);
  });
});
