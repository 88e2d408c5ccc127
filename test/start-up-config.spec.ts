import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Folders, makeFolders, serverEnvironment, ServerProcess } from './support/jobato';

const ROOT = join(__dirname, '..');
const TOKEN = '0123456789abcdef0123456789abcdef';

let folders: Folders;
beforeEach(() => (folders = makeFolders({})));
afterEach(() => rmSync(folders.root, { recursive: true, force: true }));

const inRoot = (...names: string[]) => join(folders.root, ...names);
const replaced = (path: string, make: (path: string) => void) => {
  rmSync(path, { recursive: true, force: true });
  make(path);
};

/** Starts a program that must refuse to start, in the test's folder, and returns its stderr. */
async function refusal(extra: Record<string, string | undefined> = {}, program = 'main.js'): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'dist', program)], {
    cwd: folders.root,
    env: { ...serverEnvironment(folders), ...extra },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(text).not.toMatch(/^\s+at /m);
  return text;
}

describe('start with an invalid configuration', () => {
  it.each<[string, () => void, RegExp]>([
    [
      'where CONFIG_DIR is a file',
      () => replaced(folders.configDir, (path) => writeFileSync(path, '')),
      /^CONFIG_DIR: .*config is a file, not a folder\. Move the file, or set another CONFIG_DIR\.\n$/,
    ],
    [
      'where CONFIG_DIR is a link that leads nowhere',
      () => replaced(folders.configDir, (path) => symlinkSync('nowhere', path)),
      /^CONFIG_DIR: .*config is a broken symbolic link\. Fix the link, or set another CONFIG_DIR\.\n$/,
    ],
    [
      'where the folder of the projects cannot be read',
      () => replaced(join(folders.configDir, 'projects'), (path) => symlinkSync('projects', path)),
      /^CONFIG_DIR: .*projects cannot be read \(ELOOP\)\. Give the user account of this server read access/,
    ],
    [
      'where a folder of the data folder is a file',
      () => {
        mkdirSync(folders.dataDir);
        writeFileSync(join(folders.dataDir, 'runs'), '');
      },
      /^DATA_DIR: .*data\/runs is a file, not a folder\./,
    ],
    [
      'where .env is UTF-16',
      () => writeFileSync(inRoot('.env'), Buffer.from('\ufeffPORT=0\r\n', 'utf16le')),
      /^Invalid configuration: .*\.env is invalid: it is encoded as UTF-16\. Save it as UTF-8\.\n$/,
    ],
    [
      'where a variable of .env is wrong',
      () => writeFileSync(inRoot('.env'), '\ufeffWORKER_CONCURRENCY=many\n'),
      /^Invalid configuration: WORKER_CONCURRENCY must be a whole number .*, not "many"\. WORKER_CONCURRENCY is set in .*\.env\.\n$/,
    ],
  ])('is refused %s', async (_what, prepare, message) => {
    prepare();
    expect(await refusal()).toMatch(message);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a database elsewhere',
      { DATABASE_URL: 'postgres://db' },
      /: DATABASE_URL is not supported .* Unset DATABASE_URL\.\n$/,
    ],
    [
      'an address that cannot be bound',
      { HOST: 'fe80::1' },
      /^The server cannot listen on HOST fe80::1 and PORT 0 \(E\w+\)\. Set/,
    ],
  ])('is refused with %s', async (_what, extra, message) =>
    expect(await refusal({ JOBATO_ADMIN_TOKEN: TOKEN, ...extra })).toMatch(message),
  );

  it('is also refused by a worker process', async () => {
    replaced(folders.configDir, (path) => writeFileSync(path, ''));
    expect(await refusal({ JOBATO_API_KEY: TOKEN }, 'worker.js')).toMatch(
      /^CONFIG_DIR: .*config is a file, not a folder\./,
    );
  });
});

it('the server accepts a .env with a byte order mark and warns about unknown variables', async () => {
  writeFileSync(inRoot('.env'), `\ufeffJOBATO_ADMIN_TOKEN=${TOKEN}\r\nJOBATO_API_KEYS=${TOKEN}\r\n`, {
    mode: 0o600,
  });
  const server = await ServerProcess.start(folders, {}, join(ROOT, 'dist', 'main.js'), folders.root);
  try {
    expect((await fetch(`${server.url}/api/projects`)).status).toBe(401);
    const headers = { Authorization: `Bearer ${TOKEN}` };
    expect((await fetch(`${server.url}/api/projects`, { headers })).status).toBe(200);
    expect(server.output.join('\n')).toMatch(
      /"level":"warn".*JOBATO_API_KEYS in .*\.env is unknown and has no effect\. Did you mean JOBATO_API_KEY\?/,
    );
  } finally {
    await server.end('SIGTERM');
  }
});
