import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
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
    write('nowhere', `${nodeStep('nowhere', '0')}    workingDir: ${join(folders.root, 'gone')}\n`);
    write('lost', `${nodeStep('lost', '0')}    workingDir: no/such/folder\n`);
    write('missing', 'id: missing\nsteps: [{ name: work, command: [no-such-program-anywhere] }]\n');
    write(
      'forbidden',
      `id: forbidden\nsteps: [{ name: work, command: [${join(folders.root, 'not-executable')}] }]\n`,
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
      JOBATO_SCOPE: 'mine',
      JOBATO_ATTEMPT: '1',
      JOBATO_PARAMS: '{"a":"b"}',
      JOBATO_WORK_DIR: join(jobato.folders.dataDir, 'work', 'plain'),
      JOBATO_RUN_DIR: join(jobato.folders.dataDir, 'runs', runId),
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

  it.each<[string, string, RegExp]>([
    ['nowhere', 'the folder is missing', /working directory .* does not exist/],
    ['lost', 'a relative folder is missing', /^The working directory "no\/such\/folder" does not exist/],
    ['missing', 'the command is not found', /"no-such-program-anywhere" was not found/],
    ['forbidden', 'the command may not be executed', /is not executable/],
  ])('%s: reports why the step did not start: %s', async (projectId, _name, message) => {
    const ended = await run(projectId);
    expect(ended).toMatchObject({
      status: 'failed',
      statusReason: 'step-failed',
      error: { code: 'STEP_NOT_STARTED', message: expect.stringMatching(message) },
      steps: [{ name: 'work', status: 'failed', exitCode: null }],
    });
  });
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
