import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { entriesOf } from '../../test/support/archive';
import { Database } from '../database/database';
import { backup, type BackupOptions } from './backup';
import { restore } from './restore';

describe('backup', () => {
  let root: string;
  let dataDir: string;
  let target: string;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'jobato-backup-'));
    dataDir = join(root, 'data');
    target = join(root, 'backup.tar');
    const database = await Database.open(join(dataDir, 'db', 'jobato.db'), []);
    await database.close();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (change: Partial<BackupOptions> = {}) =>
    backup({
      ...{ dataDir, target, replaces: false, parts: [], jobatoVersion: '1.0.0' },
      ...{ now: '2026-03-01T10:00:00.000Z', onProgress: () => undefined, ...change },
    });
  const databaseFile = () => join(dataDir, 'db', 'jobato.db');
  const onDatabase = (sql: string) => {
    const database = new BetterSqlite3(databaseFile());
    database.exec(sql);
    database.close();
  };
  const leftovers = () => readdirSync(root).filter((name) => name.startsWith('.jobato-backup'));

  it('names the version, the last migration, and the rows', async () => {
    await write();
    const [manifest] = await entriesOf(readFileSync(target));
    expect(JSON.parse(manifest!.content.toString())).toMatchObject({
      ...{ format: 'jobato-backup', formatVersion: 1, jobatoVersion: '1.0.0', parts: [] },
      ...{ createdAt: '2026-03-01T10:00:00.000Z', lastMigration: expect.stringMatching(/\d{13}$/) },
      ...{ installationId: expect.stringMatching(/^[0-9a-f]{16}$/), database: { rows: { runs: 0 } } },
    });
  });

  it('has no content of deleted rows', async () => {
    onDatabase(
      `CREATE TABLE letters (a); INSERT INTO letters VALUES ('Dear ' || 'Ada'); DELETE FROM letters`,
    );
    await write();
    expect(readFileSync(target).includes('Dear Ada')).toBe(false);
  });

  it('leaves out what cannot be restored, and reports it', async () => {
    const run = join(dataDir, 'work', 'a');
    mkdirSync(join(run, 'folder'), { recursive: true });
    writeFileSync(join(run, 'folder', 'file'), 'text');
    symlinkSync('folder/file', join(run, 'inside'));
    symlinkSync('/etc/passwd', join(run, 'outside'));
    const deep = join(run, ...Array.from({ length: 130 }, () => 'x'));
    mkdirSync(deep, { recursive: true });
    const { skipped, skippedCount, files } = await write({ parts: ['work'] });
    expect({ skippedCount, files }).toEqual({ skippedCount: 2, files: 1 });
    expect(skipped.map(({ reason }) => reason).sort()).toEqual(['link', 'path-too-long']);

    const into = join(root, 'restored');
    await restore({
      dataDir: into,
      source: target,
      jobatoVersion: '1.0.0',
      now: '',
      onProgress: () => undefined,
    });
    expect(readFileSync(join(into, 'work', 'a', 'inside'), 'utf8')).toBe('text');
    expect(readdirSync(join(into, 'work', 'a')).sort()).toEqual(['folder', 'inside', 'x']);
  });

  it('restores names that are not UTF-8, times, and modes', async () => {
    const folder = join(dataDir, 'work');
    mkdirSync(folder);
    const file = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('ff00fe'.replace('00', '2b'), 'hex')]);
    writeFileSync(file, 'text');
    chmodSync(file, 0o640);
    utimesSync(file, 1_000_000, 1_000_000);
    await write({ parts: ['work'] });
    const into = join(root, 'restored');
    await restore({
      dataDir: into,
      source: target,
      jobatoVersion: '1.0.0',
      now: '',
      onProgress: () => undefined,
    });
    const [name] = readdirSync(join(into, 'work'), { encoding: 'buffer' });
    expect(name!.toString('hex')).toBe('ff2bfe');
  });

  it('fills a file that becomes shorter while it is read', async () => {
    mkdirSync(join(dataDir, 'work'));
    const file = join(dataDir, 'work', 'file');
    const size = 40_000_000;
    writeFileSync(file, Buffer.alloc(size, 'x'));
    let written = 0;
    const chunks: Buffer[] = [];
    const { skipped } = await write({
      parts: ['work'],
      target: async (chunk) => {
        chunks.push(chunk);
        written += chunk.length;
        if (written > 5_000_000) writeFileSync(file, '');
      },
    });
    expect(skipped).toEqual([{ path: 'work/file', reason: 'changed' }]);
    const entry = (await entriesOf(Buffer.concat(chunks))).find(({ header }) => header.name === 'work/file')!;
    expect(entry.content.length).toBe(size);
  });

  it('leaves the space free that a server on the same disk needs', async () => {
    mkdirSync(join(dataDir, 'work'));
    writeFileSync(join(dataDir, 'work', 'large'), Buffer.alloc(40 * 1024 * 1024));
    let freeBytes = 1e9;
    const disk = {
      bsize: 1,
      get bavail() {
        return freeBytes;
      },
    };
    jest.spyOn(files, 'statfs').mockResolvedValue(disk as never);
    try {
      const onProgress = ({ stage }: { stage: string }) => {
        if (stage === 'files') freeBytes = 1;
      };
      writeFileSync(join(dataDir, 'work', 'larger'), Buffer.alloc(41 * 1024 * 1024));
      await expect(write({ parts: ['work'], onProgress })).rejects.toThrow(/of free space, and .* needed/);
    } finally {
      jest.restoreAllMocks();
    }
    expect(existsSync(target)).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('ends with the error of its output, and leaves nothing', async () => {
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    const writing = write({ target: () => Promise.reject(full) });
    await expect(writing).rejects.toThrow(/disk of .* is full/);
    expect(leftovers()).toEqual([]);
  });

  describe('refuses', () => {
    const expectRefused = async (message: RegExp, change: Partial<BackupOptions> = {}) => {
      await expect(write(change)).rejects.toThrow(message);
      expect(existsSync(target)).toBe(false);
      expect(leftovers()).toEqual([]);
    };

    it('a missing folder', () =>
      expectRefused(/There is no Jobato database at/, { dataDir: join(root, 'no') }));

    it('a database of another program', () => {
      writeFileSync(databaseFile(), '');
      onDatabase('CREATE TABLE letters (a)');
      return expectRefused(/is not a Jobato database/);
    });

    it('a database of a newer version', () => {
      onDatabase("INSERT INTO migrations VALUES (99, 1, 'Later1700000000099')");
      return expectRefused(/written by a newer version of Jobato/);
    });

    it('an empty database', () => {
      writeFileSync(databaseFile(), '');
      return expectRefused(/is empty/);
    });

    it('a file that is no database', () => {
      writeFileSync(databaseFile(), 'Dear Ada, '.repeat(500));
      return expectRefused(/cannot be copied \(SQLITE_NOTADB/);
    });

    it('a damaged database', () => {
      const content = readFileSync(databaseFile());
      writeFileSync(databaseFile(), content.fill(0xff, 4096, content.length - 4096));
      return expectRefused(/cannot be copied \(SQLITE_CORRUPT/);
    });

    it('a file in a folder that it includes', () => {
      mkdirSync(join(dataDir, 'runs'));
      target = join(dataDir, 'runs', 'backup.tar');
      return expectRefused(/part of the backup \(runs\)/, { parts: ['runs'], target });
    });

    it('a folder that does not exist', () => {
      target = join(root, 'no', 'backup.tar');
      return expectRefused(/cannot be used \(ENOENT\)/, { target });
    });

    it('a data folder whose restore was interrupted', () => {
      mkdirSync(join(dataDir, 'restoring'));
      return expectRefused(/a restore into .* was interrupted/);
    });
  });
});
