import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { commandOf, workingDirOf } from './step-command';

const TEXT = 'make all | tee log';
const script = (shell: string[] | null) => ({ name: 'build', command: [], script: { text: TEXT, shell } });

describe('commandOf', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'path-'));
    writeFileSync(join(folder, 'bash'), '');
    chmodSync(join(folder, 'bash'), 0o700);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('returns a command unchanged', () =>
    expect(commandOf({ name: 'a', command: ['make', 'all'], script: null }, '')).toEqual(['make', 'all']));

  it('runs a script in Bash, and stops it at the first failure, also within a pipe', () =>
    expect(commandOf(script(null), `/nowhere${delimiter}${folder}`)).toEqual([
      'bash',
      '-eo',
      'pipefail',
      '-c',
      TEXT,
      'build',
    ]));

  it.each(['/nowhere', '', undefined])('runs a script in sh if there is no Bash in PATH %j', (path) =>
    expect(commandOf(script(null), path)).toEqual(['sh', '-e', '-c', TEXT, 'build']),
  );

  it.each([
    [['python3'], ['python3', '-c', TEXT]],
    [
      ['python3', '-u'],
      ['python3', '-u', '-c', TEXT],
    ],
    [['/usr/bin/node'], ['/usr/bin/node', '-e', TEXT]],
    [
      ['node', '-e'],
      ['node', '-e', TEXT],
    ],
    [
      ['ruby', '-w'],
      ['ruby', '-w', '-e', TEXT],
    ],
    [['php'], ['php', '-r', TEXT]],
    [
      ['pwsh', '-NoProfile'],
      ['pwsh', '-NoProfile', '-Command', TEXT],
    ],
    [
      ['bash', '-x'],
      ['bash', '-x', '-c', TEXT],
    ],
  ])('runs a script in %j', (shell, expected) => expect(commandOf(script(shell), '')).toEqual(expected));
});

it.each([
  ['~', '/home/ada'],
  ['~/data', '/home/ada/data'],
  ['data', 'data'],
  ['.', '.'],
  ['/srv/~', '/srv/~'],
  ['~other', '~other'],
])('the working directory %s is %s', (workingDir, expected) =>
  expect(workingDirOf({ workingDir }, '/home/ada')).toBe(expected),
);
