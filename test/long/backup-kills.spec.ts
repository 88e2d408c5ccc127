import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { consistentRuns } from '../support/backup-checks';
import { CliProcess } from '../support/cli-process';
import { type Folders, makeFolders, nodeStep, ServerProcess } from '../support/jobato';
import { SeededRandom } from '../support/random';
import { repetitions } from '../support/repetitions';

const PROGRAM = join(__dirname, '..', '..', 'bin', 'jobato.mjs');
const IDS = ['a', 'b', 'c', 'd'];
const KILLS = repetitions(2, 12);
/** A backup of this size takes a second or two. */
const WRITES = `process.chdir(process.env.JOBATO_RUN_DIR);
  for (let i = 0; i < 5; i++) fs.writeFileSync('f' + i, 'x'.repeat(500_000));
  fs.writeSync(3, '{"artifact":{"path":"f4"}}\\n');
  for (let line = 0; line < 2000; line++) console.log('line', line, 'y'.repeat(100));`;

describe('kill -9', () => {
  let folders: Folders;
  let server: ServerProcess;
  let load: Promise<void[]>;
  let isDone = false;
  beforeAll(async () => {
    folders = makeFolders(Object.fromEntries(IDS.map((id) => [id, nodeStep(id, WRITES)])));
    server = await ServerProcess.start(folders);
    load = Promise.all(
      IDS.map(async (id) => {
        for (let count = 0; !isDone && count < 30; count++)
          await server.untilEnded((await server.trigger(id)).runId);
      }),
    );
  });
  afterAll(async () => {
    isDone = true;
    await load;
    await server.end('SIGTERM');
    rmSync(folders.root, { recursive: true, force: true });
  });

  const random = new SeededRandom(4711);
  const path = (name: string) => join(folders.root, name);
  const environment = (dataDir: string) => ({ DATA_DIR: dataDir, TMPDIR: folders.root });
  const run = (dataDir: string, ...args: string[]) =>
    CliProcess.start('bin/jobato.mjs', args, environment(dataDir), folders.root).ended;
  const started = (dataDir: string, ...args: string[]) =>
    spawn(process.execPath, [PROGRAM, ...args], {
      stdio: 'ignore',
      env: { PATH: process.env.PATH, ...environment(dataDir) },
    });

  /** Kills the process at a random moment of the time that it takes. @returns whether it had ended before */
  async function killWithin(child: ChildProcess, ms: number): Promise<boolean> {
    const gone = once(child, 'exit');
    await Promise.race([gone, pause(random.next() * ms)]);
    const hasEnded = child.exitCode !== null;
    child.kill('SIGKILL');
    await gone;
    return hasEnded;
  }

  it('of a backup at a random moment leaves a whole file or none', async () => {
    const [target, into] = [path('backup.tar'), path('checked')];
    const sinceMs = performance.now();
    expect((await run(folders.dataDir, 'backup', target, '--files')).exitCode).toBe(0);
    const tookMs = performance.now() - sinceMs;
    for (let kill = 0; kill < KILLS; kill++) {
      rmSync(target, { force: true });
      const hasEnded = await killWithin(started(folders.dataDir, 'backup', target, '--files'), 1.2 * tookMs);
      if (hasEnded) expect(existsSync(target)).toBe(true);
      if (!existsSync(target)) continue;
      expect(await run(into, 'restore', target)).toMatchObject({ exitCode: 0 });
      consistentRuns(join(into, 'db', 'jobato.db'));
      rmSync(into, { recursive: true });
    }
    expect(await run(folders.dataDir, 'backup', target, '--files', '--force')).toMatchObject({ exitCode: 0 });
    expect(readdirSync(folders.root).filter((name) => name.startsWith('.jobato-backup'))).toEqual([]);
  });

  it('of a restore at a random moment leaves a whole folder, or one that only a restore uses', async () => {
    const [target, into] = [path('good.tar'), path('restored')];
    expect((await run(folders.dataDir, 'backup', target, '--files')).exitCode).toBe(0);
    const sinceMs = performance.now();
    expect((await run(into, 'restore', target)).exitCode).toBe(0);
    const tookMs = performance.now() - sinceMs;
    for (let kill = 0; kill < KILLS; kill++) {
      rmSync(into, { recursive: true, force: true });
      await killWithin(started(into, 'restore', target), 1.2 * tookMs);
      const isWhole = existsSync(join(into, 'db')) && !existsSync(join(into, 'restoring'));
      if (!isWhole) {
        const isRefused = existsSync(join(into, 'restoring'));
        if (isRefused) expect((await run(into, 'backup', path('no.tar'))).stderr).toMatch(/was interrupted/);
        expect(await run(into, 'restore', target)).toMatchObject({ exitCode: 0 });
      }
      const runs = consistentRuns(join(into, 'db', 'jobato.db'));
      for (const { run_id, artifacts } of runs)
        for (const { name } of artifacts) expect(existsSync(join(into, 'runs', run_id, name))).toBe(true);
    }
  });
});
