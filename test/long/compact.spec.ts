import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import BetterSqlite3 from 'better-sqlite3';
import '../../src/app.module'; // all modules contribute their entities
import { Database } from '../../src/database/database';
import { contributedEntities } from '../../src/database/database.module';
import { DataFolderLock } from '../../src/lifecycle/data-folder-lock';
import { storeOldRuns, anOldRun, oldRunId } from '../support/old-runs';
import { repetitions } from '../support/repetitions';

const CLI = join(__dirname, '..', '..', 'bin', 'jobato.mjs');
const LARGE = 'x'.repeat(20_000);

let root: string;
let dataDir: string;
let file: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'jobato-compact-'));
  dataDir = join(root, 'data');
  file = join(dataDir, 'db', 'jobato.db');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = () => Database.open(file, contributedEntities());
const write = (database: Database, sql: string, parameters: unknown[] = []) =>
  database.write(async (tx, inputs: undefined[]) => {
    await tx.query(sql, parameters);
    return inputs;
  }, undefined);
const runs = Array.from({ length: 40 }, (_, n) => anOldRun(oldRunId(10, n)));

/** Fills a database and deletes most of its content. */
async function emptied(): Promise<Database> {
  const database = await open();
  await storeOldRuns(database, dataDir, runs, { lines: 20 });
  await write(database, 'UPDATE log_chunks SET lines = ?', [LARGE]);
  await write(database, 'DELETE FROM log_chunks');
  return database;
}

/** The same in a file as earlier versions have created it. */
async function emptiedOld(): Promise<void> {
  await (await emptied()).close();
  const connection = new BetterSqlite3(file);
  connection.pragma('journal_mode = DELETE');
  connection.pragma('auto_vacuum = NONE');
  connection.exec('VACUUM; CREATE TABLE filler (x); INSERT INTO filler SELECT randomblob(1000000) FROM runs');
  connection.exec('DROP TABLE filler');
  connection.close();
}

const compact = () =>
  promisify(execFile)(process.execPath, [CLI, 'compact'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir },
  });
const factsOf = (path: string) => {
  const connection = new BetterSqlite3(path);
  const facts = {
    vacuum: connection.pragma('auto_vacuum', { simple: true }),
    free: connection.pragma('freelist_count', { simple: true }),
    check: connection.pragma('quick_check', { simple: true }),
    runs: connection.prepare('SELECT COUNT(*) FROM runs').pluck().get(),
  };
  connection.close();
  return facts;
};

describe('a new database', () => {
  it('returns free pages in short turns', async () => {
    const database = await emptied();
    const before = await database.fileSizes();
    expect(before).toMatchObject({ returnsFreePages: true });
    expect(before.freeBytes).toBeGreaterThan(10_000_000);
    let turns = 1;
    while (await database.returnFreePages()) turns++;
    const { freeBytes, usedBytes } = await database.fileSizes();
    expect(freeBytes).toBeLessThanOrEqual(256 * 4096);
    expect(turns).toBeGreaterThan(1);
    await database.close();
    expect(statSync(file).size).toBeLessThan(usedBytes + 2_000_000);
    expect(factsOf(file)).toMatchObject({ check: 'ok', runs: runs.length });
  });
});

describe('a database of an earlier version', () => {
  it('keeps its free pages', async () => {
    await emptiedOld();
    const database = await open();
    expect(await database.returnFreePages()).toBe(false);
    expect(await database.fileSizes()).toMatchObject({ returnsFreePages: false });
    await database.close();
  });

  it('returns them after it was compacted', async () => {
    await emptiedOld();
    const before = statSync(file).size;
    const { stdout } = await compact();
    expect(stdout).toMatch(/jobato\.db: [\d.]+ MB before, [\d.]+ [kM]B after/);
    const after = statSync(file);
    expect(after.size).toBeLessThan(before / 2);
    expect(after.mode & 0o777).toBe(0o600);
    expect(factsOf(file)).toEqual({ vacuum: 2, free: 0, check: 'ok', runs: runs.length });
    const database = await open();
    expect(await database.fileSizes()).toMatchObject({ returnsFreePages: true });
    await database.close();
  });

  it('is complete after a crash of the command at any time', async () => {
    await emptiedOld();
    const target = `${file}-compacting`;
    let survived = 0;
    for (let n = 0; n < repetitions(6, 40); n++) {
      const child = spawn(process.execPath, [CLI, 'compact'], {
        env: { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir },
      });
      const gone = once(child, 'exit');
      while (!existsSync(target) && child.exitCode === null) await delay(1);
      await delay(n * 3);
      child.kill('SIGKILL');
      const [code] = (await gone) as [number | null];
      if (code === 0) survived++;
      expect(factsOf(file)).toMatchObject({ check: 'ok', runs: runs.length });
      if (factsOf(file).vacuum === 2) break;
    }
    const database = await open();
    await database.close();
    expect(existsSync(target)).toBe(false);
    await compact();
    expect(factsOf(file)).toMatchObject({ vacuum: 2, check: 'ok', runs: runs.length });
    expect(survived).toBeLessThan(40);
  });
});

describe('jobato compact', () => {
  it('refuses a folder that a server uses', async () => {
    await (await open()).close();
    const lock = DataFolderLock.take(dataDir);
    await expect(compact()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Another Jobato server is using') as string,
    });
    lock.release();
  });

  it('refuses a folder whose restore was interrupted', async () => {
    await (await open()).close();
    mkdirSync(join(dataDir, 'restoring'));
    await expect(compact()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('was interrupted') as string,
    });
  });

  it('refuses a folder without a database, and a foreign one', async () => {
    await expect(compact()).rejects.toMatchObject({
      stderr: expect.stringContaining('does not exist') as string,
    });
    await (await open()).close();
    rmSync(file);
    new BetterSqlite3(file).exec('CREATE TABLE other (x)').close();
    await expect(compact()).rejects.toMatchObject({
      stderr: expect.stringContaining('is not a Jobato database') as string,
    });
    rmSync(file);
    writeFileSync(file, 'no database at all, but long enough to be read as one'.repeat(20));
    await expect(compact()).rejects.toMatchObject({ code: 1 });
  });
});
