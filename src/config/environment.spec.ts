import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config-error';
import { readEnvironment } from './environment';

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

  it('refuses a file that cannot be read, by its path', () => {
    mkdirSync(join(folder, '.env'));
    expect(() => readEnvironment({}, folder)).toThrow(ConfigError);
    expect(() => readEnvironment({}, folder)).toThrow(/\.env cannot be read \(EISDIR\)/);
  });
});
