import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileVariableOf, isReadableByAll, isSecretVariable, readSecretFiles, SECRETS } from './secrets';

describe('secrets from files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobato-secrets-'));
    writeFileSync(join(folder, 'good'), '  swordfish \r\n\n');
    writeFileSync(join(folder, 'marked'), '\ufeffswordfish\n');
    writeFileSync(join(folder, 'empty'), ' \n');
    writeFileSync(join(folder, 'utf16'), Buffer.from('\ufeffswordfish\r\n', 'utf16le'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(SECRETS)('reads %s', (name) =>
    expect(readSecretFiles({ [fileVariableOf(name)]: 'good' }, folder)).toEqual({
      values: { [name]: 'swordfish' },
      files: [{ variable: `${name}_FILE`, path: join(folder, 'good') }],
      flaws: [],
    }),
  );

  it('ignores a byte order mark', () =>
    expect(readSecretFiles({ JOBATO_API_KEY_FILE: 'marked' }, folder).values).toEqual({
      JOBATO_API_KEY: 'swordfish',
    }));

  it.each([{}, { JOBATO_API_KEY_FILE: '' }, { JOBATO_API_KEY_FILE: ' ', JOBATO_API_KEY: 'given' }])(
    'reads no file for %j',
    (environment) =>
      expect(readSecretFiles(environment, folder)).toEqual({ values: {}, files: [], flaws: [] }),
  );

  it.each([
    ['the variable too', 'good', 'swordfish', 'JOBATO_API_KEY and JOBATO_API_KEY_FILE are both set'],
    ['no such file', 'gone', '', 'gone does not exist'],
    ['a folder', '.', '', 'is a folder'],
    ['a path through a file', 'good/x', '', 'cannot be read (ENOTDIR)'],
    ['an empty file', 'empty', '', 'empty is empty'],
    ['a file in UTF-16', 'utf16', '', 'utf16 is invalid: it is encoded as UTF-16'],
  ])('rejects %s, and names variable and file', (_what, file, value, reason) => {
    const environment = { JOBATO_API_KEY_FILE: file, JOBATO_API_KEY: value };
    const { values, flaws } = readSecretFiles(environment, folder);
    expect(values).toEqual({});
    expect(flaws).toEqual([
      {
        variable: expect.stringMatching(/^JOBATO_API_KEY(_FILE)?$/),
        text: expect.stringContaining('JOBATO_API_KEY_FILE'),
      },
    ]);
    expect(flaws[0]!.text).toContain(reason);
    expect(flaws[0]!.text).not.toContain('swordfish');
  });

  it('reads only the requested secrets', () => {
    const environment = { JOBATO_API_KEY_FILE: 'gone', JOBATO_ADMIN_TOKEN_FILE: 'good' };
    expect(readSecretFiles(environment, folder, ['JOBATO_ADMIN_TOKEN'])).toMatchObject({
      values: { JOBATO_ADMIN_TOKEN: 'swordfish' },
      flaws: [],
    });
  });

  it.each([
    [0o600, false],
    [0o640, false],
    [0o644, true],
    [0o604, true],
  ])('isReadableByAll returns true only for files readable by other users: mode %o, %s', (mode, expected) => {
    chmodSync(join(folder, 'good'), mode);
    expect(isReadableByAll(join(folder, 'good'))).toBe(expected);
  });
});

it.each([
  ['JOBATO_ADMIN_TOKEN', true],
  ['JOBATO_API_KEY_FILE', true],
  ['REDIS_URL', true],
  ['JOBATO_URL', false],
  ['LLM_API_KEY', false],
  ['__proto__', false],
])('isSecretVariable recognizes secrets of Jobato: %s, %s', (name, expected) =>
  expect(isSecretVariable(name)).toBe(expected),
);
