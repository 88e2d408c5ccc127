import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliProcess } from './support/cli-process';
import { type Folders, makeFolders, nodeStep, ServerProcess } from './support/jobato';
import { freePort } from './support/worker-child';

const TOKEN = 'a-token-of-a-fair-length-0123456789';
const KEY = 'a-worker-key-of-a-fair-length';
const BEARER = { authorization: `Bearer ${TOKEN}` };

const environOf = (pid: number) => readFileSync(`/proc/${pid}/environ`, 'utf8');

describe('secrets in files', () => {
  let folders: Folders;
  const pathOf = (name: string) => join(folders.root, name);
  beforeEach(() => {
    folders = makeFolders({
      tiny: `default: true\n${nodeStep('tiny', '0')}`,
      greedy: `${nodeStep('greedy', '0')}    passEnv: [JOBATO_API_KEY]\n`,
    });
    writeFileSync(pathOf('token'), `${TOKEN}\n`, { mode: 0o600 });
    writeFileSync(pathOf('key'), `${KEY}\n`, { mode: 0o644 });
    writeFileSync(pathOf('empty'), '\n');
  });
  afterEach(() => rmSync(folders.root, { recursive: true, force: true }));

  it.each([
    [
      'a missing file',
      { JOBATO_ADMIN_TOKEN_FILE: 'gone' },
      /: JOBATO_ADMIN_TOKEN_FILE: \S+\/gone does not exist\. Create the file, or correct the path\.$/m,
    ],
    ['an empty file', { JOBATO_API_KEY_FILE: 'empty' }, /: JOBATO_API_KEY_FILE: \S+\/empty is empty\./m],
    [
      'both',
      { JOBATO_API_KEY: KEY, JOBATO_API_KEY_FILE: 'key' },
      /: JOBATO_API_KEY and JOBATO_API_KEY_FILE are both set\./m,
    ],
  ])('reject the start with %s and a one-line message', async (_what, environment, sentence) => {
    const server = CliProcess.start(
      'dist/main.js',
      [],
      { PORT: '0', DATA_DIR: folders.dataDir, ...environment },
      folders.root,
    );
    const { exitCode, stderr } = await server.ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain(KEY);
  });

  it('give access and are never shown', async () => {
    const server = await ServerProcess.start(folders, {
      JOBATO_ADMIN_TOKEN_FILE: pathOf('token'),
      JOBATO_API_KEY_FILE: pathOf('key'),
      LOG_LEVEL: 'trace',
    });
    try {
      const claim = await fetch(`${server.url}/api/internal/events`, {
        method: 'POST',
        headers: { 'x-jobato-api-key': KEY, 'content-type': 'application/json' },
        body: '[]',
      });
      expect(claim.status).toBe(202);
      const shown: string[] = [];
      for (const path of [
        ...[
          '/',
          '/status',
          '/quota',
          '/workers',
          '/projects/tiny',
          '/login',
          '/api/projects',
          '/api/health',
          '/runs',
        ],
        ...[
          '/api/workers',
          '/api/metrics',
          '/api/openapi.json',
          '/api/docs',
          '/.env',
          '/config',
          '/api/config',
        ],
      ]) {
        shown.push(await (await fetch(`${server.url}${path}`, { headers: BEARER })).text());
      }
      expect(JSON.parse(shown[6]!)).toMatchObject({
        problems: [
          {
            file: 'projects/greedy.yaml',
            line: 5,
            reason: expect.stringContaining('JOBATO_API_KEY in "passEnv", but Jobato never passes'),
          },
        ],
      });
      const log = server.output.join('\n');
      expect(log).toMatch(/JOBATO_API_KEY_FILE: every user of this machine can read /);
      expect(log).not.toMatch(/every step can read/);
      for (const text of [...shown, log, environOf(server.child.pid!)]) {
        expect(text).not.toContain(TOKEN);
        expect(text).not.toContain(KEY);
      }
      const cli = (file: string) =>
        CliProcess.start('dist/cli/jobato.js', ['list'], {
          JOBATO_URL: server.url,
          JOBATO_ADMIN_TOKEN_FILE: pathOf(file),
        }).ended;
      expect(await cli('token')).toMatchObject({ exitCode: 0 });
      expect(await cli('gone')).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(
          /^JOBATO_ADMIN_TOKEN_FILE: \S+ does not exist\. Create the file, or correct the path\.\n$/,
        ),
      });
    } finally {
      await server.end('SIGTERM');
    }
  });

  it('in .env do not enter the environment of the demo server', async () => {
    writeFileSync(pathOf('.env'), `\ufeffJOBATO_ADMIN_TOKEN=${TOKEN}\nJOBATO_API_KEY=${KEY}\n`);
    const demo = CliProcess.start(
      'dist/cli/jobato.js',
      ['demo'],
      { PORT: String(await freePort()), DATA_DIR: folders.dataDir, CONFIG_DIR: folders.configDir },
      folders.root,
    );
    await demo.says('Press Ctrl-C to stop the server');
    const { pid } = demo.child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    for (const child of [pid!, ...children.map(Number)]) {
      expect(environOf(child)).toContain(`DATA_DIR=${folders.dataDir}`);
      expect(environOf(child)).not.toMatch(/of-a-fair-length/);
    }
    demo.child.kill('SIGTERM');
    expect(await demo.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
