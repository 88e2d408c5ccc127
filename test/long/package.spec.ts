import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliProcess } from '../support/cli-process';

const ROOT = join(__dirname, '..', '..');
/** Parts of a checkout that are not copied; package.json lists the content of the package. */
const NOT_COPIED = new Set(['node_modules', 'data', '.git', 'dist', 'test']);
const KEY = 'a-key-of-the-worker-that-is-long-enough';

describe('installed package', () => {
  let folder: string;
  let prefix: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobato-package-'));
    prefix = join(folder, 'prefix');
    const checkout = join(folder, 'checkout');
    // A copy, because packing runs another build, and other tests use the build of this checkout.
    cpSync(ROOT, checkout, {
      recursive: true,
      filter: (path) => !NOT_COPIED.has(path.slice(ROOT.length + 1)),
    });
    symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
    npm(checkout, 'pack', '--silent', '--pack-destination', folder);
    const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    npm(
      folder,
      'install',
      '--global',
      `--prefix=${prefix}`,
      // The only native part is compiled or downloaded when this checkout is installed; the test reuses that
      // result.
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      join(folder, tarball!),
    );
    const native = join('node_modules', 'better-sqlite3', 'build');
    cpSync(join(ROOT, native), join(installed(), native), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function npm(cwd: string, ...args: string[]): void {
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
    expect({ args, status, said: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({
      args,
      status: 0,
      said: '',
    });
  }
  const installed = () => join(prefix, 'lib', 'node_modules', 'jobato');
  /** Creates an empty folder, in which only the command is available. */
  function emptyFolder(name: string): string {
    const made = join(folder, name);
    mkdirSync(made);
    return made;
  }
  const jobato = (cwd: string, args: string[], environment: Record<string, string> = {}) =>
    CliProcess.startAt(join(prefix, 'bin', 'jobato'), args, { NO_COLOR: '1', ...environment }, cwd);
  async function serve(cwd: string, environment: Record<string, string> = {}) {
    const server = jobato(cwd, ['serve'], { HOST: '127.0.0.1', PORT: '0', ...environment });
    await server.says('Listening at ');
    return { server, url: /Listening at (http[^"\s]+)/.exec(server.stdout)![1]! };
  }

  it('contains only what it needs to run', () => {
    expect(readdirSync(installed()).sort()).toEqual([
      '.env.example',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin',
      'completions',
      'config',
      'dist',
      'docs',
      'examples',
      'node_modules',
      'npm-shrinkwrap.json',
      'package.json',
      'public',
      'samples',
      'views',
    ]);
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    const needless = Object.keys(devDependencies).filter((name) =>
      existsSync(join(installed(), 'node_modules', name)),
    );
    expect(needless).toEqual([]);
  });

  it('creates a configuration, serves it and runs its project', async () => {
    const home = emptyFolder('home');
    expect(await jobato(home, ['init']).ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readFileSync(join(home, '.env'), 'utf8')).toMatch(/^#/);
    const { server, url } = await serve(home);
    try {
      const trigger = await jobato(home, ['trigger', 'hello', '--follow'], { JOBATO_URL: url }).ended;
      expect(trigger).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('completed') });
      for (const path of ['/', '/projects/hello', '/status', '/api/docs', '/api/openapi.json']) {
        const response = await fetch(`${url}${path}`, { headers: { accept: '*/*' } });
        expect([path, response.status]).toEqual([path, 200]);
        const assets = [...(await response.text()).matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css|svg))/g)];
        for (const [, asset] of assets)
          expect([asset, (await fetch(`${url}${asset}`)).status]).toEqual([asset, 200]);
      }
    } finally {
      server.child.kill('SIGTERM');
    }
    expect(await server.ended).toMatchObject({ exitCode: 0 });
  });

  it('includes a worker that claims runs over HTTP', async () => {
    const home = emptyFolder('apart');
    await jobato(home, ['init']).ended;
    const { server, url } = await serve(home, { WORKER: 'off', JOBATO_API_KEY: KEY });
    const worker = jobato(emptyFolder('worker'), ['worker'], {
      JOBATO_URL: url,
      JOBATO_API_KEY: KEY,
      CONFIG_DIR: join(home, 'config'),
    });
    try {
      const trigger = await jobato(home, ['trigger', 'hello', '--follow'], { JOBATO_URL: url }).ended;
      expect(trigger).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('completed') });
    } finally {
      worker.child.kill('SIGTERM');
      await worker.ended;
      server.child.kill('SIGTERM');
      await server.ended;
    }
  });

  it('runs the demo in an empty folder', async () => {
    const nowhere = emptyFolder('nowhere');
    const { exitCode, stdout, stderr } = await jobato(nowhere, ['demo', '--once'], { PORT: '0' }).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/Most used of \d+ terms:\n {2}\S/);
    expect(readdirSync(nowhere)).toEqual(['data']);
  });
});
