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

describe('readEnvironment', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'jobato-environment-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('returns the process environment if there is no .env file', () =>
    expect(readEnvironment({ PORT: '1' }, folder)).toEqual({
      variables: { PORT: '1' },
      own: { PORT: '1' },
      file: null,
    }));

  it('adds variables from .env that the process does not set, and changes neither source', () => {
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

  it('keeps the first line of a file with a byte order mark', () => {
    writeFileSync(join(folder, '.env'), '\ufeffPORT=2\r\nHOST=there\r\n');
    expect(readEnvironment({}, folder).variables).toEqual({ PORT: '2', HOST: 'there' });
  });

  it('rejects a UTF-16 file, as PowerShell writes it, and names its path', () => {
    writeFileSync(join(folder, '.env'), Buffer.from('\ufeffPORT=2\r\n', 'utf16le'));
    expect(() => readEnvironment({}, folder)).toThrow(ConfigError);
    expect(() => readEnvironment({}, folder)).toThrow(/\.env is invalid: it is encoded as UTF-16\. Save it/);
  });

  it('names the .env file in errors about variables set there, and only in those', () => {
    writeFileSync(join(folder, '.env'), 'PORT=x\nLOG_LEVEL=y\n');
    const given = readEnvironment({ LOG_LEVEL: 'z', WORKER: 'on' }, folder);
    const load = () => namingEnvFile(given, () => loadConfig(given.variables, folder));
    const reasons = reasonsOf(load);
    expect(reasons).toHaveLength(3);
    expect(reasons.filter((reason) => reason.includes(join(folder, '.env')))).toEqual([
      expect.stringMatching(/^PORT must be .* PORT is set in .*\.env\.$/),
    ]);
  });

  it('rejects an unreadable file, and names its path', () => {
    mkdirSync(join(folder, '.env'));
    expect(() => readEnvironment({}, folder)).toThrow(ConfigError);
    expect(() => readEnvironment({}, folder)).toThrow(/\.env cannot be read \(EISDIR\)/);
  });
});
