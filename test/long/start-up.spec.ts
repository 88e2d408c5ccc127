import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { expectProblem } from '../support/expect-problem';
import { type Folders, makeFolders, nodeStep, serverEnvironment, ServerProcess } from '../support/jobato';
import { canMount, SmallDisk } from '../support/small-disk';

const ROOT = join(__dirname, '..', '..');

let folders: Folders;
let server: ServerProcess | null;
beforeEach(() => {
  folders = makeFolders({ talks: nodeStep('talks', `console.log('a line')`) });
  server = null;
});
afterEach(async () => {
  await server?.end('SIGKILL');
  rmSync(folders.root, { recursive: true, force: true });
});

const databaseFile = () => join(folders.dataDir, 'db', 'jobato.db');

/** Starts a server that must refuse to start, and returns its error message. */
async function refusal(extra: Record<string, string> = {}): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'main.js')], {
    cwd: ROOT,
    env: serverEnvironment(folders, extra),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, text]).toEqual([1, expect.stringMatching(/^[^\n]+\n$/)]);
  return text;
}

function makeDatabase(fill: (database: BetterSqlite3.Database) => void): void {
  mkdirSync(join(folders.dataDir, 'db'), { recursive: true });
  const database = new BetterSqlite3(databaseFile());
  fill(database);
  database.close();
}

describe('start is refused with a one-line reason', () => {
  it('for a database of a newer version', async () => {
    server = await ServerProcess.start(folders);
    await server.end('SIGTERM');
    makeDatabase((database) =>
      database.exec("INSERT INTO migrations (timestamp, name) VALUES (1800000000000, 'Later1800000000000')"),
    );
    expect(await refusal()).toMatch(
      /jobato\.db was written by a newer version of Jobato\. Start that version/,
    );
  });

  it('for a database of another program, which is left unchanged', async () => {
    makeDatabase((database) => database.exec('CREATE TABLE users (name text)'));
    expect(await refusal()).toMatch(/jobato\.db is not a Jobato database\. Move the file/);
    makeDatabase((database) => {
      expect(database.prepare('SELECT name FROM sqlite_master').pluck().all()).toEqual(['users']);
      expect(database.pragma('journal_mode', { simple: true })).toBe('delete');
    });
  });

  it('for a file that is not a database', async () => {
    mkdirSync(join(folders.dataDir, 'db'), { recursive: true });
    writeFileSync(databaseFile(), 'a text of some length, which is not a database at all\n'.repeat(50));
    expect(await refusal()).toMatch(/jobato\.db cannot be opened\. Check that it is a Jobato database/);
  });

  it('for an invalid certificate', async () => {
    const file = join(folders.root, 'cert.pem');
    writeFileSync(file, 'not a certificate');
    expect(await refusal({ TLS_CERT_FILE: file, TLS_KEY_FILE: file })).toMatch(
      /^TLS_CERT_FILE .*cert\.pem and TLS_KEY_FILE .* cannot be used together/,
    );
  });

  it('for a port in use', async () => {
    server = await ServerProcess.start(folders);
    const { port } = new URL(server.url);
    const others = { DATA_DIR: join(folders.root, 'other'), PORT: port };
    expect(await refusal(others)).toMatch(
      new RegExp(`^PORT ${port} on .* is already in use by another program`),
    );
  });

  it('if DATA_DIR is a file', async () => {
    writeFileSync(folders.dataDir, '');
    expect(await refusal()).toMatch(/^DATA_DIR: .*data is a file, not a folder/);
  });

  it('if a file of the data folder is a folder', async () => {
    mkdirSync(join(folders.dataDir, 'node-id'), { recursive: true });
    expect(await refusal()).toMatch(/^DATA_DIR: .*node-id is a folder, not a file\./);
  });

  it('for a HOST that is not an address of this machine', async () =>
    expect(
      await refusal({ HOST: 'http://x', JOBATO_ADMIN_TOKEN: 'a-token-of-a-fair-length-0123456789' }),
    ).toMatch(/^HOST http:\/\/x is not an address of this machine\./));

  (canMount ? it : it.skip)('if DATA_DIR is on a read-only disk', async () => {
    const disk = SmallDisk.mount(folders.dataDir);
    try {
      disk.makeReadOnly();
      expect(await refusal()).toMatch(/^DATA_DIR: .*data is on a read-only disk/);
    } finally {
      disk.unmount();
    }
  });

  it('if another program locks the database for reading', async () => {
    server = await ServerProcess.start(folders);
    await server.end('SIGTERM');
    const other = new BetterSqlite3(databaseFile());
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');
    try {
      expect(await refusal()).toMatch(/jobato\.db is locked by another program\. Close that program/);
    } finally {
      other.close();
    }
  });
});

it('the server starts while another program locks the database, and recovers', async () => {
  server = await ServerProcess.start(folders);
  const { runId } = await server.trigger('talks');
  await server.until(runId, ({ status }) => status === 'completed');
  await server.end('SIGTERM');
  const other = new BetterSqlite3(databaseFile());
  other.exec('BEGIN EXCLUSIVE');
  server = await ServerProcess.start(folders);
  expect((await server.get(runId)).status).toBe('completed');
  const trigger = () => fetch(`${server!.url}/api/projects/talks/runs`, { method: 'POST' });
  await expectProblem(await trigger(), 503, 'STORAGE_UNAVAILABLE');
  other.close();
  const next = await server.trigger('talks');
  await server.until(next.runId, ({ status }) => status === 'completed');
});

describe('deleting data of a running server', () => {
  it.each([
    ['its database', () => ['db']],
    ['all that is in it', () => readdirSync(folders.dataDir)],
    ['the folder itself', () => ['.']],
  ])('makes it reject triggers and a second server: %s', async (_, deleted) => {
    server = await ServerProcess.start(folders);
    await server.trigger('talks');
    for (const name of deleted()) rmSync(join(folders.dataDir, name), { recursive: true });
    const trigger = await fetch(`${server.url}/api/projects/talks/runs`, { method: 'POST' });
    expect((await expectProblem(trigger, 503, 'STORAGE_UNAVAILABLE')).detail).toMatch(/deleted, moved/);
    expect((await fetch(`${server.url}/api/health`)).status).toBe(503);
    expect((await fetch(`${server.url}/api/health/ready`)).status).toBe(503);
    expect(await refusal()).toMatch(/^Another Jobato server is using /);
    expect((await fetch(`${server.url}/api/health/live`)).status).toBe(200);
  });
});

it('a stopping server does not change a restored database', async () => {
  server = await ServerProcess.start(folders);
  rmSync(join(folders.dataDir, 'db'), { recursive: true });
  makeDatabase((database) => {
    database.pragma('journal_mode = WAL');
    database.exec('CREATE TABLE restored (name text)');
  });
  const restored = new BetterSqlite3(databaseFile());
  restored.exec("INSERT INTO restored VALUES ('kept')");
  await server.end('SIGTERM');
  expect(readdirSync(join(folders.dataDir, 'db'))).toEqual(
    expect.arrayContaining(['jobato.db', 'jobato.db-shm', 'jobato.db-wal']),
  );
  restored.close();
});

it('data files are private to the user, and others can only traverse the data folder', async () => {
  server = await ServerProcess.start(folders);
  const { runId } = await server.trigger('talks');
  await server.until(runId, ({ status }) => status === 'completed');
  const modeOf = (...names: string[]) => (statSync(join(folders.dataDir, ...names)).mode & 0o777).toString(8);
  expect(modeOf('.')).toBe('711');
  const modes = readdirSync(folders.dataDir, { withFileTypes: true }).map((entry) => [
    entry.name,
    modeOf(entry.name),
    // The umask decides who may read captured pages.
    entry.name === 'html' ? '755' : entry.isDirectory() ? '700' : '600',
  ]);
  const database = readdirSync(join(folders.dataDir, 'db')).map((name) => [name, modeOf('db', name), '600']);
  for (const [name, mode, expected] of [...modes, ...database])
    expect([name, mode]).toEqual([name, expected]);
  expect(database.map(([name]) => name)).toEqual(expect.arrayContaining(['jobato.db', 'jobato.db-wal']));
});
