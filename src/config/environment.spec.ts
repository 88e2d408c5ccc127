import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config-error';
import { loadConfig } from './config';
import { namingEnvFile, readEnvironment } from './environment';

const reasonsOf = (load: () => unknown): string[] => {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.flaws.map(({ text }) => text);
    throw error;
  }
  return [];
};

describe('the environment', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'jobato-environment-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is that of the process where there is no .env', () =>
    expect(readEnvironment({ PORT: '1' }, folder)).toEqual({
      variables: { PORT: '1' },
      own: { PORT: '1' },
      file: null,
    }));

  it('adds what .env names and the process does not set, and changes neither', () => {
    writeFileSync(join(folder, '.env'), 'PORT=2\nHOST=there\nJOBATO_API_KEY="a key"\n');
    const own = { PORT: '1', HOST: '' };
    const before = { ...process.env };
    expect(readEnvironment(own, folder)).toEqual({
      variables: { PORT: '1', HOST: '', JOBATO_API_KEY: 'a key' },
      own: { PORT: '1', HOST: '' },
      file: {
        path: join(folder, '.env'),
        variables: { PORT: '2', HOST: 'there', JOBATO_API_KEY: 'a key' },
      },
    });
    expect(process.env).toEqual(before);
  });

  it('keeps the first line of a file that begins with a byte order mark', () => {
    writeFileSync(join(folder, '.env'), '\ufeffPORT=2\r\nHOST=there\r\n');
    expect(readEnvironment({}, folder).variables).toEqual({ PORT: '2', HOST: 'there' });
  });

  it('refuses a file in UTF-16, which PowerShell writes, by its path', () => {
    writeFileSync(join(folder, '.env'), Buffer.from('\ufeffPORT=2\r\n', 'utf16le'));
    expect(() => readEnvironment({}, folder)).toThrow(ConfigError);
    expect(() => readEnvironment({}, folder)).toThrow(/\.env is invalid: it is encoded as UTF-16\. Save it/);
  });

  it('is named where a variable in it is wrong, and only there', () => {
    writeFileSync(join(folder, '.env'), 'PORT=x\nLOG_LEVEL=y\n');
    const given = readEnvironment({ LOG_LEVEL: 'z', WORKER: 'on' }, folder);
    const load = () => namingEnvFile(given, () => loadConfig(given.variables, folder));
    const reasons = reasonsOf(load);
    expect(reasons).toHaveLength(3);
    expect(reasons.filter((reason) => reason.includes(join(folder, '.env')))).toEqual([
      expect.stringMatching(/^PORT must be .* PORT is set in .*\.env\.$/),
    ]);
  });

  it('refuses a file that cannot be read, by its path', () => {
    mkdirSync(join(folder, '.env'));
    expect(() => readEnvironment({}, folder)).toThrow(ConfigError);
    expect(() => readEnvironment({}, folder)).toThrow(/\.env cannot be read \(EISDIR\)/);
  });
});
