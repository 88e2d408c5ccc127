import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { RunView } from '../../src/runs/run-view';
import { entriesOf } from '../support/archive';
import { consistentRuns, filesOf, rowsOf } from '../support/backup-checks';
import { CliProcess } from '../support/cli-process';
import { type Folders, makeFolders, nodeStep, ServerProcess } from '../support/jobato';
import { until } from '../support/until';

const PROGRAM = join(__dirname, '..', '..', 'bin', 'jobato.mjs');

/** Writes two artifacts and some lines. */
const WRITES = `
  for (let i = 0; i < 2; i++) {
    fs.writeFileSync('part-' + i + '.txt', 'x'.repeat(20_000 + i));
    fs.writeSync(3, JSON.stringify({ artifact: { path: 'part-' + i + '.txt' } }) + '\\n');
  }
  for (let line = 1; line <= 50; line++) console.log('line', line);`;

/** Changes its folder all the time, as a step at work does. */
const CHANGES = `
  let count = 0;
  const change = () => {
    const name = 'f' + (count++ % 40);
    try {
      if (count % 7 === 0) fs.rmSync(name, { recursive: true, force: true });
      else if (count % 7 === 1) fs.mkdirSync(name);
      else if (count % 7 === 2) fs.symlinkSync('f1', name);
      else if (count % 7 === 3) fs.truncateSync(name, 0);
      else fs.writeFileSync(name, 'y'.repeat(Math.random() * 300_000));
    } catch {}
    if (count === 80) fs.writeSync(3, '{"progress":{"current":80}}\\n');
    setImmediate(change);
  };
  change();`;

const inItsFolder = (program: string) => `process.chdir(process.env.JOBATO_RUN_DIR);${program}`;
const IDS = ['a', 'b', 'c'];

describe('backup and restore', () => {
  let folders: Folders;
  let server: ServerProcess;
  beforeAll(async () => {
    folders = makeFolders({
      ...Object.fromEntries(IDS.map((id) => [id, nodeStep(id, inItsFolder(WRITES))])),
      changes: nodeStep('changes', inItsFolder(CHANGES)),
      secret: nodeStep('secret', 'setInterval(() => {}, 1000)', 'params: { key: { type: secret } }\n'),
      outside: 'id: outside\nexecutor: external\n',
    });
    server = await ServerProcess.start(folders, { WORKER_CONCURRENCY: '8' });
  });
  afterAll(async () => {
    await server.end('SIGTERM');
    rmSync(folders.root, { recursive: true, force: true });
  });

  const jobato = (dataDir: string, ...args: string[]) =>
    CliProcess.start('bin/jobato.mjs', args, { DATA_DIR: dataDir, TMPDIR: folders.root }, folders.root);
  const run = (dataDir: string, ...args: string[]) => jobato(dataDir, ...args).ended;
  const path = (name: string) => join(folders.root, name);
  const databaseOf = (dataDir: string) => join(dataDir, 'db', 'jobato.db');
  const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
  const leftovers = () => readdirSync(folders.root).filter((name) => name.startsWith('.jobato-backup'));

  async function completed(command: Promise<{ exitCode: number | null; stderr: string }>): Promise<string> {
    const { exitCode, stderr } = await command;
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    return stderr;
  }

  describe('of a server at work', () => {
    const active: RunView[] = [];
    let sealed: string;
    beforeAll(async () => {
      const changing = await server.trigger('changes');
      active.push(changing, await server.trigger('secret', { params: { key: 'a secret text' } }));
      active.push(await server.trigger('outside'));
      await server.until(changing.runId, ({ progress }) => progress?.current === 80);
      const database = new BetterSqlite3(databaseOf(folders.dataDir), { readonly: true });
      sealed = database.prepare<[], string>('SELECT sealed FROM run_secrets').pluck().get()!;
      database.close();

      let isDone = false;
      const load = IDS.map(async (id) => {
        while (!isDone) await server.untilEnded((await server.trigger(id)).runId);
      });
      for (const number of [1, 2]) {
        const said = await completed(run(folders.dataDir, 'backup', path(`${number}.tar`), '--files'));
        expect(said).toMatch(
          /^Backup of \d\S* [kM]B with \d+ runs and \d+ files written in \d+ s: \S+\.tar$/m,
        );
        await completed(run(path(`data-${number}`), 'restore', path(`${number}.tar`)));
      }
      isDone = true;
      await Promise.all(load);
    });

    it('has a consistent database and all its artifacts', () => {
      for (const number of [1, 2]) {
        const dataDir = path(`data-${number}`);
        const runs = consistentRuns(databaseOf(dataDir));
        expect(runs.filter(({ status }) => status === 'running').length).toBeGreaterThanOrEqual(3);
        const artifacts = runs.flatMap(({ run_id, artifacts }) =>
          artifacts.map(({ name, size }) => ({ file: join(dataDir, 'runs', run_id, name), size })),
        );
        for (const { file, size } of artifacts) expect(statSync(file).size).toBe(size);
        const known = new Set(runs.map(({ run_id }) => run_id));
        expect(readdirSync(join(dataDir, 'runs')).filter((name) => !known.has(name))).toEqual([]);
      }
    });

    it('is readable by its user only, and leaves nothing else', () => {
      expect(statSync(path('1.tar')).mode & 0o777).toBe(0o600);
      expect(leftovers()).toEqual([]);
    });

    it('has no secrets', async () => {
      const archive = readFileSync(path('1.tar'));
      expect(sealed.length).toBeGreaterThan(20);
      expect(archive.includes(sealed)).toBe(false);
      expect(archive.includes(readFileSync(join(folders.dataDir, 'secret-key')))).toBe(false);
      const names = (await entriesOf(archive)).map(({ header }) => header.name.split('/')[0]!);
      expect([...new Set(names)]).toEqual(['manifest.json', 'db', 'runs', 'html', 'report.json']);
    });

    it('is served by another server, which ends the runs that were active', async () => {
      const dataDir = path('data-1');
      const copy = await ServerProcess.start({ ...folders, dataDir });
      try {
        for (const { runId } of active) {
          expect(await copy.get(runId)).toMatchObject({
            ...{ status: 'failed', statusReason: 'restored', error: { code: 'RESTORED' } },
          });
          expect(await server.get(runId)).toMatchObject({ status: 'running' });
        }
        const response = await fetch(`${copy.url}/api/runs?status=completed&limit=200`);
        const { items } = (await response.json()) as { items: RunView[] };
        expect(items.length).toBeGreaterThan(0);
        for (const { runId, artifacts } of items.slice(0, 5)) {
          const text = async (path: string) => (await fetch(`${copy.url}${path}`)).text();
          expect((await text(`/api/runs/${runId}/logs`)).split('\n')).toHaveLength(51);
          expect(await text(artifacts[1]!.href)).toBe('x'.repeat(20_001));
        }
        // It accepts runs of the same project again.
        await copy.trigger('outside');
        expect(existsSync(join(dataDir, 'restored.json'))).toBe(false);
      } finally {
        await copy.end('SIGTERM');
      }
      const installation = (database: string) => rowsOf(database).installation;
      expect(installation(databaseOf(dataDir))).not.toEqual(installation(databaseOf(folders.dataDir)));
    });

    it('waits for no writer', async () => {
      const other = new BetterSqlite3(databaseOf(folders.dataDir));
      other.exec('BEGIN IMMEDIATE');
      await completed(run(folders.dataDir, 'backup', path('while-locked.tar')));
      other.exec('ROLLBACK');
      other.close();
    });

    it('after kill -9, the next backup removes what was left', async () => {
      const child = spawn(process.execPath, [PROGRAM, 'backup', '-'], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env.PATH, DATA_DIR: folders.dataDir, TMPDIR: folders.root },
      });
      await once(child.stdout, 'readable');
      expect(leftovers()).toHaveLength(1);
      await kill(child);
      expect(leftovers()).toHaveLength(1);
      await completed(run(folders.dataDir, 'backup', path('after-kill.tar')));
      expect(leftovers()).toEqual([]);
    });
  });

  it('restores every row and every file', async () => {
    mkdirSync(join(folders.dataDir, 'work', 'a'), { recursive: true });
    writeFileSync(join(folders.dataDir, 'work', 'a', 'state'), 'kept');
    await server.end('SIGTERM');
    const piped = spawn(
      'sh',
      ['-c', '"$0" "$1" backup - --files --work | DATA_DIR="$2" "$0" "$1" restore -'].concat([
        process.execPath,
        PROGRAM,
        path('piped'),
      ]),
      { stdio: 'inherit', env: { PATH: process.env.PATH, DATA_DIR: folders.dataDir, TMPDIR: folders.root } },
    );
    expect(await once(piped, 'close')).toEqual([0, null]);

    const [before, after] = [rowsOf(databaseOf(folders.dataDir)), rowsOf(databaseOf(path('piped')))];
    for (const rows of [before, after])
      for (const own of ['installation', 'recorded_deadlines']) delete rows[own];
    before.run_secrets = [];
    expect(before.pauses).toEqual([]);
    expect(after.pauses).toEqual([expect.stringContaining('"paused_by":"restore"')]);
    delete before.pauses;
    // Runs that wait for their next attempt have the leases of earlier ones.
    before.runs = before.runs!.map((row) => {
      const run = JSON.parse(row) as { status: string; past_leases: unknown };
      return JSON.stringify(run.status === 'running' ? { ...run, past_leases: null } : run);
    });
    expect(Object.keys(after).length).toBeGreaterThan(15);
    for (const table of Object.keys(before))
      expect({ table, rows: after[table] }).toEqual({ table, rows: before[table] });

    for (const folder of ['runs', 'work']) {
      const files = filesOf(join(folders.dataDir, folder));
      expect(filesOf(join(path('piped'), folder))).toEqual(files);
      for (const file of files)
        expect(hashOf(join(path('piped'), folder, file))).toBe(hashOf(join(folders.dataDir, folder, file)));
    }
  });

  it('after kill -9 of a restore, no server starts until the next restore', async () => {
    const dataDir = path('interrupted');
    const archive = readFileSync(path('1.tar'));
    const child = spawn(process.execPath, [PROGRAM, 'restore', '-'], {
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { PATH: process.env.PATH, DATA_DIR: dataDir },
    });
    child.stdin.write(archive.subarray(0, archive.length / 2));
    await until(() => existsSync(join(dataDir, 'restoring', 'runs')));
    expect((await run(dataDir, 'restore', path('1.tar'))).stderr).toMatch(/Another Jobato server is using/);
    await kill(child);

    await expect(ServerProcess.start({ ...folders, dataDir })).rejects.toThrow(
      /a restore into .* was interrupted/,
    );
    expect((await run(dataDir, 'backup', path('no.tar'))).stderr).toMatch(
      /a restore into .* was interrupted/,
    );
    await completed(run(dataDir, 'restore', path('1.tar')));
    expect(existsSync(join(dataDir, 'restoring'))).toBe(false);
    expect(consistentRuns(databaseOf(dataDir)).length).toBeGreaterThan(3);
  });

  describe('refuses with one sentence and exit code 1', () => {
    const refused = async (dataDir: string, ...args: string[]) => {
      const { exitCode, stdout, stderr } = await run(dataDir, ...args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr.trim().split('\n')).toHaveLength(1);
      return stderr;
    };
    it('a folder without a database', async () => {
      expect(await refused(path('missing'), 'backup', path('no.tar'))).toMatch(
        /There is no Jobato database at/,
      );
    });

    it('a full disk behind standard output', () => {
      const { status, stderr } = spawnSync(
        'sh',
        ['-c', '"$0" "$1" backup - > /dev/full', process.execPath, PROGRAM],
        {
          env: { PATH: process.env.PATH, DATA_DIR: folders.dataDir, TMPDIR: folders.root },
          encoding: 'utf8',
        },
      );
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: 'Writing to standard output failed (ENOSPC).\n',
      });
      expect(leftovers()).toEqual([]);
    });

    it('an existing file, unless --force is given', async () => {
      writeFileSync(path('letter.txt'), 'Dear Ada');
      expect(await refused(folders.dataDir, 'backup', path('letter.txt'))).toMatch(/already exists/);
      expect(readFileSync(path('letter.txt'), 'utf8')).toBe('Dear Ada');
      await completed(run(folders.dataDir, 'backup', path('letter.txt'), '--force'));
      expect((await entriesOf(readFileSync(path('letter.txt'))))[0]!.header.name).toBe('manifest.json');
    });

    it('to restore into a folder with content, and from a missing file', async () => {
      expect(await refused(path('data-1'), 'restore', path('1.tar'))).toMatch(/is not empty/);
      expect(await refused(path('new'), 'restore', path('none.tar'))).toMatch(/cannot be read \(ENOENT\)/);
      expect(existsSync(path('new'))).toBe(false);
    });
  });
});

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
