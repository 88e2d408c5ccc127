import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders, nodeStep, RunningApp } from './support/jobato';

async function logOf(jobato: RunningApp, runId: string): Promise<string> {
  return (await jobato.fetch(`/api/runs/${runId}/logs`)).text();
}

describe('environment of a step', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    const folders = makeFolders({});
    const elsewhere = join(folders.root, 'else where');
    mkdirSync(elsewhere);
    writeFileSync(join(folders.root, 'not-executable'), '#!/bin/sh\n');
    const write = (id: string, yaml: string) =>
      writeFileSync(join(folders.configDir, 'projects', `${id}.yaml`), yaml);
    const show = 'console.log(JSON.stringify(process.env))';
    write(
      'plain',
      `${nodeStep('plain', show, 'params:\n  a: { type: string, default: b }\nscopes: { mine: [work] }\n')}`,
    );
    write(
      'given',
      `${nodeStep('given', show)}    env: { LOG_LEVEL: info, NUMBER: 5, PATH: /nowhere, JOBATO_RUN_ID: mine }\n    passEnv: [SECRET_KEY, NOT_SET]\n`,
    );
    write('cwd', `${nodeStep('cwd', 'console.log(process.cwd())')}`);
    write(
      'else',
      `${nodeStep('else', 'console.log(process.cwd())')}    workingDir: ${JSON.stringify(elsewhere)}\n`,
    );
    const second = (id: string, command: string, more = '') =>
      write(
        id,
        `id: ${id}\nsteps:\n  - { name: first, command: [echo] }\n  - { name: work, command: [${command}]${more} }\n`,
      );
    second('nowhere', 'echo', `, workingDir: ${join(folders.root, 'gone')}`);
    second('lost', 'echo', ', workingDir: no/such/folder');
    second('in-file', 'echo', `, workingDir: ${join(folders.root, 'not-executable')}`);
    second('missing', 'no-such-program-anywhere');
    second('forbidden', join(folders.root, 'not-executable'));
    writeFileSync(join(folders.root, 'windows'), '#!/bin/sh\r\necho hi\r\n', { mode: 0o755 });
    second('windows', join(folders.root, 'windows'));
    writeFileSync(join(folders.root, 'uninterpreted'), '#!/no/such/python\n', { mode: 0o755 });
    second('uninterpreted', join(folders.root, 'uninterpreted'));
    const ofData = (id: string, command: string, more = '') =>
      write(id, `id: ${id}\nsteps: [{ name: work, command: [${command}]${more} }]\n`);
    ofData('own-folder', 'pwd', `, workingDir: ${join(folders.dataDir, 'work', 'own-folder')}`);
    ofData('own-program', join(folders.dataDir, 'work', 'own-program', 'tool'));
    symlinkSync(folders.dataDir, join(folders.root, 'link'));
    ofData('linked', 'echo', `, workingDir: ${join(folders.root, 'link', 'work', 'linked', 'sub')}`);
    write(
      'outside',
      'id: outside\nexecutor: external\nsteps: [{ name: work, command: [no-such-program-anywhere] }]\n',
    );
    write('argv', `id: argv\nsteps: [{ name: work, command: [echo, '$HOME', '*', 'a b', ';', ''] }]\n`);
    write('stdin', nodeStep('stdin', "console.log(require('fs').readFileSync(0).length)"));
    write(
      'folders',
      nodeStep(
        'folders',
        `const fs = require('fs'); const count = process.env.JOBATO_WORK_DIR + '/count';
         const n = fs.existsSync(count) ? Number(fs.readFileSync(count)) : 0;
         fs.writeFileSync(count, String(n + 1));
         console.log(n, fs.readdirSync(process.env.JOBATO_RUN_DIR).length);
         fs.writeFileSync(process.env.JOBATO_RUN_DIR + '/mine', '')`,
      ),
    );
    jobato = await RunningApp.start(folders, {
      SECRET_KEY: 'swordfish',
      LANG: 'de_DE.UTF-8',
      JOBATO_ADMIN_TOKEN: '',
      JOBATO_API_KEY: 'an-api-key',
      OTHER: 'must not be seen',
    });
  });
  afterAll(() => jobato.stop());

  const run = async (projectId: string, body: object = {}) =>
    jobato.untilEnded((await jobato.trigger(projectId, body)).runId);
  const environmentOf = async (projectId: string, body: object = {}) => {
    const { runId } = await run(projectId, body);
    const lines = (await logOf(jobato, runId)).split('\n');
    return JSON.parse(lines.find((line) => line.startsWith('{'))!) as Record<string, string>;
  };

  it('contains only the documented variables', async () => {
    const environment = await environmentOf('plain', { scope: 'mine' });
    const runId = environment.JOBATO_RUN_ID!;
    expect(environment).toEqual({
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LANG: 'de_DE.UTF-8',
      JOBATO_RUN_ID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      JOBATO_PROJECT_ID: 'plain',
      JOBATO_STEP: 'work',
      JOBATO_STEP_ATTEMPT: '1',
      JOBATO_PARAM_A: 'b',
      JOBATO_SCOPE: 'mine',
      JOBATO_ATTEMPT: '1',
      JOBATO_PARAMS: '{"a":"b"}',
      JOBATO_WORK_DIR: join(jobato.folders.dataDir, 'work', 'plain'),
      JOBATO_RUN_DIR: join(jobato.folders.dataDir, 'runs', runId),
      JOBATO_HTML_DIR: join(jobato.folders.dataDir, 'html', 'plain', runId),
      JOBATO_EVENTS_FD: '3',
    });
  });

  it('contains env and passEnv of the project file, but keeps JOBATO_RUN_ID', async () => {
    const environment = await environmentOf('given');
    expect(environment).toMatchObject({
      LOG_LEVEL: 'info',
      NUMBER: '5',
      PATH: '/nowhere',
      SECRET_KEY: '***',
    });
    expect(environment).not.toHaveProperty('NOT_SET');
    expect(environment.JOBATO_RUN_ID).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("uses the server's working directory unless workingDir is set", async () => {
    expect(await logOf(jobato, (await run('cwd')).runId)).toBe(`${process.cwd()}\n`);
    const elsewhere = realpathSync(join(jobato.folders.root, 'else where'));
    expect(await logOf(jobato, (await run('else')).runId)).toBe(`${elsewhere}\n`);
  });

  it('has empty stdin', async () => {
    expect(await logOf(jobato, (await run('stdin')).runId)).toBe('0\n');
  });

  it('passes arguments unchanged, without a shell', async () => {
    expect(await logOf(jobato, (await run('argv')).runId)).toBe('$HOME * a b ; \n');
  });

  it('shares the project folder between runs and has a new folder per run', async () => {
    for (const before of [0, 1]) {
      expect(await logOf(jobato, (await run('folders')).runId)).toBe(`${before} 0\n`);
    }
  });

  describe.each<[string, RegExp]>([
    ['nowhere', /^The working directory ".*gone" does not exist\. Create it, or correct "workingDir"\.$/],
    ['lost', /^The working directory "no\/such\/folder" does not exist/],
    ['in-file', /^The working directory ".*not-executable" is a file/],
    ['missing', /^The program "no-such-program-anywhere" was not found in PATH/],
    ['forbidden', /^The program ".*not-executable" is not executable\. Run: chmod \+x \/.*not-executable$/],
    ['windows', /^The first line of ".*windows" ends with a Windows line break \(CRLF\)/],
    [
      'uninterpreted',
      /^The interpreter "\/no\/such\/python" in the first line of ".*uninterpreted" does not exist/,
    ],
  ])('with a step that cannot start: %s', (projectId, message) => {
    it('fails with the reason, if other steps come before it', async () => {
      const ended = await run(projectId);
      expect(ended).toMatchObject({
        status: 'failed',
        statusReason: 'step-failed',
        error: { code: 'STEP_NOT_STARTED', message: expect.stringMatching(message) },
        steps: [
          { name: 'first', status: 'completed' },
          { name: 'work', status: 'failed', exitCode: null },
        ],
      });
    });

    it('is refused with the reason, if it is the first step', async () => {
      const runs = async () => (await jobato.fetch(`/api/projects/${projectId}/runs`)).json();
      const before = await runs();
      const response = await jobato.fetch(`/api/projects/${projectId}/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ scope: 'only:work' }),
      });
      const prefix = 'The run was not started, because its step "work" cannot start. ';
      const problem = (await response.json()) as { errorCode: string; detail: string };
      expect(problem).toMatchObject({ status: 400, errorCode: 'VALIDATION' });
      expect(problem.detail.startsWith(prefix)).toBe(true);
      expect(problem.detail.slice(prefix.length)).toMatch(message);
      expect(await runs()).toEqual(before);
    });
  });

  it('is not refused if the data folder lacks something, because a run may create it', async () => {
    const folder = join(jobato.folders.dataDir, 'work', 'own-folder');
    expect(await logOf(jobato, (await run('own-folder')).runId)).toBe(`${realpathSync(folder)}\n`);
    expect(await run('own-program')).toMatchObject({ error: { code: 'STEP_NOT_STARTED' } });
    expect(await run('linked')).toMatchObject({ error: { code: 'STEP_NOT_STARTED' } });
  });

  it('is not checked for external workers', async () => {
    const { runId, status } = await jobato.trigger('outside');
    expect(status).toBe('running');
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
  });
});

it('a server without its own worker refuses no run because of its machine', async () => {
  const jobato = await RunningApp.start(
    { missing: 'id: missing\nsteps: [{ name: work, command: [no-such-program-anywhere] }]\n' },
    { WORKER: 'off' },
  );
  expect(await jobato.trigger('missing')).toMatchObject({ status: 'running' });
  await jobato.stop();
});

it("a run executes its scope's steps in pipeline order", async () => {
  const step = (name: string) => `  - name: ${name}\n    command: [echo, ${name}]\n`;
  const jobato = await RunningApp.start({
    row: `id: row\nsteps:\n${['a', 'b', 'c', 'd'].map(step).join('')}scopes: { mixed: [d, a], from-b: [b] }\n`,
  });
  const scopes: [string, string][] = [
    ['full', 'abcd'],
    ['from:c', 'cd'],
    ['only:b', 'b'],
    ['mixed', 'ad'],
    ['from-b', 'b'],
  ];
  for (const [scope, expected] of scopes) {
    const { runId } = await jobato.trigger('row', { scope });
    const ended = await jobato.untilEnded(runId);
    expect(ended.steps.map(({ name }) => name).join('')).toBe(expected);
    expect(ended.steps.every(({ status, exitCode }) => status === 'completed' && exitCode === 0)).toBe(true);
    expect((await logOf(jobato, runId)).replaceAll('\n', '')).toBe(expected);
  }
  await jobato.stop();
});

it('the longest allowed time limit does not end a step at once', async () => {
  const jobato = await RunningApp.start({
    patient: `${nodeStep('patient', 'setTimeout(() => {}, 100)', 'timeoutSeconds: 2000000\n')}    timeoutSeconds: 2000000\n`,
  });
  const ended = await jobato.untilEnded((await jobato.trigger('patient')).runId);
  expect(ended).toMatchObject({ status: 'completed', statusReason: null });
  await jobato.stop();
});
