import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obstacleText, startFailure } from './start-failure';
import { findStartObstacle } from './start-obstacle';
import { StepRunner } from './step-runner';

/** The runner starts nothing here, so it needs no registry, no pipes and no output. */
const runner = new StepRunner(undefined as never, { take: async () => null } as never);

describe('a command that cannot start', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'start-'));
    const write = (name: string, text: string, mode = 0o755) => {
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), mode);
    };
    mkdirSync(join(folder, 'sub'));
    write('windows', '#!/bin/sh\r\necho hi\r\n');
    write('gone', '#!/opt/no/such/python -u\nprint(1)\n');
    write('relative', '#!./sub/python\nprint(1)\n');
    write('plain', '#!/bin/sh\n', 0o644);
    write("it's plain", '#!/bin/sh\n', 0o644);
    write('text', 'some text', 0o644);
    write('by-text', `#!${join(folder, 'text')}\n`);
    mkdirSync(join(folder, 'bin'));
    write('bin/tool', '#!/bin/sh\n', 0o644);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const messageOf = async (command: string[], workingDir = folder, PATH = '/usr/bin:/bin', more = {}) => {
    const exit = await runner.run({
      command,
      workingDir,
      env: { PATH, ...more },
      timeoutSeconds: null,
      mergeOutput: false,
      stop: new AbortController().signal,
      output: undefined as never,
    });
    expect(exit.kind).toBe('not-started');
    return 'message' in exit ? exit.message.replaceAll(folder, 'F') : '';
  };

  it.each<[string, string[], string]>([
    [
      'a script with Windows line breaks',
      ['./windows'],
      'The first line of "F/windows" ends with a Windows line break (CRLF), which becomes part of the interpreter\'s name. Save the file with Unix line breaks (LF).',
    ],
    [
      'a missing interpreter',
      ['./gone'],
      'The interpreter "/opt/no/such/python" in the first line of "F/gone" does not exist. Install it, or correct that line.',
    ],
    [
      'a missing interpreter with a relative path',
      ['./relative'],
      'The interpreter "./sub/python" in the first line of "F/relative" does not exist. Install it, or correct that line.',
    ],
    [
      'an interpreter that is not executable',
      ['./by-text'],
      'The interpreter "F/text" in the first line of "F/by-text" is not executable. Correct that line, or the file\'s permissions.',
    ],
    [
      'a file without permission',
      ['./plain'],
      'The program "F/plain" is not executable. Run: chmod +x F/plain',
    ],
    [
      'a name that a shell would split',
      ["./it's plain"],
      `The program "F/it's plain" is not executable. Run: chmod +x 'F/it'\\''s plain'`,
    ],
    ['a folder', ['./sub'], 'The program "F/sub" is a folder. Name a file in it.'],
    [
      'a missing path',
      ['sub/nothing'],
      'The program "F/sub/nothing" does not exist. Create it, or correct its path, which is relative to "workingDir".',
    ],
    [
      'a path below a file',
      ['./text/tool'],
      'The program "F/text/tool" does not exist. Create it, or correct its path, which is relative to "workingDir".',
    ],
    ['an empty name', [''], 'The name of the program is empty. Correct "command" or "shell".'],
    ['a blank name', [' \t'], 'The name of the program is empty. Correct "command" or "shell".'],
    [
      'a NUL character',
      ['sh', '-c', 'a\0b'],
      'Argument 2 contains a NUL character, with which no program can start. Remove it.',
    ],
  ])('names the reason: %s', async (_what, command, message) =>
    expect(await messageOf(command)).toBe(message),
  );

  it('searches in PATH as the system does', async () => {
    expect(await messageOf(['no-such-tool'])).toBe(
      'The program "no-such-tool" was not found in PATH. Install it, or write its full path.',
    );
    expect(await messageOf(['tool'], folder, '/nowhere:bin:/bin')).toBe(
      'The program "F/bin/tool" is not executable. Run: chmod +x F/bin/tool',
    );
    expect(await messageOf(['windows'], folder, `/nowhere:${folder}`)).toMatch(
      /^The first line of "F\/windows" ends/,
    );
    expect(await messageOf(['windows'], folder, '/nowhere::')).toMatch(
      /^The first line of "F\/windows" ends/,
    );
  });

  it('names a wrong working directory', async () => {
    expect(await messageOf(['true'], join(folder, 'no'))).toBe(
      'The working directory "F/no" does not exist. Create it, or correct "workingDir".',
    );
    expect(await messageOf(['true'], join(folder, 'text'))).toBe(
      'The working directory "F/text" is a file. Name a folder in "workingDir".',
    );
    expect(await messageOf(['true'], 'no/such/folder')).toMatch(
      /^The working directory "no\/such\/folder" does/,
    );
  });

  it('names a variable with a NUL character, without its value', async () =>
    expect(await messageOf(['true'], folder, '/bin', { KEY: 'secret\0' })).toBe(
      'The variable KEY contains a NUL character, with which no program can start. Remove it.',
    ));

  it.each([
    ['ENOENT', /^The program "sh" exists, but not the loader that it needs\. /],
    ['EAGAIN', /^The machine has no more processes or memory \(EAGAIN\)\. /],
    ['ENOMEM', /^The machine has no more processes or memory \(ENOMEM\)\. /],
    ['EMFILE', /^The worker has too many open files \(EMFILE\)\. .*ulimit -n/],
    ['EACCES', /^The system does not execute the program "sh" \(EACCES\)\. .*noexec/],
    ['ENOEXEC', /^The program "sh" is not built for this system\. /],
    ['ETXTBSY', /^The program "sh" is being written\. /],
    ['EIO', /^The program "sh" could not be started: spawn EIO$/],
  ])('has a sentence for %s', async (code, sentence) => {
    const error = Object.assign(new Error(`spawn ${code}`), { code });
    const request = { command: ['sh'], workingDir: '/', env: { PATH: '/usr/bin:/bin' } };
    expect(await startFailure(error, request)).toMatch(sentence);
  });

  it.each(['folder-forbidden', 'program-forbidden'] as const)('has a sentence for %s', (code) =>
    expect(obstacleText({ code, folder: '/a', path: '/a' })).toMatch(
      /"\/a" is not accessible to the worker's user account\. Give it execute permission on the folder/,
    ),
  );
});

describe('findStartObstacle', () => {
  it('finds none for a command that can start', async () => {
    for (const command of [['sh'], ['/bin/sh'], [process.execPath]])
      expect(
        await findStartObstacle({ command, workingDir: '.', env: { PATH: '/usr/bin:/bin' } }),
      ).toBeNull();
  });

  it('finds the line break that env would search for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'start-'));
    const path = join(folder, 'tool');
    writeFileSync(path, '#!/usr/bin/env bash\r\n');
    chmodSync(path, 0o755);
    expect(await findStartObstacle({ command: ['./tool'], workingDir: folder, env: {} })).toEqual({
      code: 'windows-line-break',
      path,
      interpreter: 'bash\r',
    });
    writeFileSync(path, '#!/usr/bin/env -S bash -e\r\n');
    expect(await findStartObstacle({ command: ['./tool'], workingDir: folder, env: {} })).toBeNull();
    rmSync(folder, { recursive: true });
  });
});
