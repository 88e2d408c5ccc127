import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { DatabaseFile } from './database-file';

let folder: string;
let path: string;
let connection: BetterSqlite3.Database;
let file: DatabaseFile;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobato-file-'));
  path = join(folder, 'a.db');
  connection = new BetterSqlite3(path);
  connection.pragma('journal_mode = WAL');
  connection.exec('CREATE TABLE notes (note text)');
  file = new DatabaseFile(path);
});
afterEach(() => {
  connection.close();
  rmSync(folder, { recursive: true, force: true });
});

it('is in place during writes and WAL truncation', () => {
  connection.exec("INSERT INTO notes VALUES ('a')");
  connection.pragma('wal_checkpoint(TRUNCATE)');
  expect(file.isInPlace()).toBe(true);
  expect(() => file.assertInPlace()).not.toThrow();
});

describe.each([
  ['young', 0],
  ['unchanged for some seconds', 5_000],
])('in a folder that is %s', (_age, ageMs) => {
  beforeEach(() => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + ageMs);
    expect(file.isInPlace()).toBe(true);
    now.mockRestore();
  });

  it.each(['', '-wal', '-shm'])('detects that a.db%s was removed, replaced or restored', (suffix) => {
    renameSync(path + suffix, join(folder, 'away'));
    expect(file.isInPlace()).toBe(false);
    writeFileSync(path + suffix, 'another');
    expect(() => file.assertInPlace()).toThrow(expect.objectContaining({ reason: 'gone' }));
    renameSync(join(folder, 'away'), path + suffix);
    expect(file.isInPlace()).toBe(true);
  });

  it('detects that the folder is gone', () => {
    rmSync(folder, { recursive: true });
    expect(file.isInPlace()).toBe(false);
    expect(file.walBytes()).toBe(0);
  });

  it('detects that the folder was replaced', () => {
    renameSync(folder, `${folder}-away`);
    mkdirSync(folder);
    expect(file.isInPlace()).toBe(false);
    rmSync(`${folder}-away`, { recursive: true });
  });
});

it('detects that the target of a link is gone', () => {
  const link = join(folder, 'links', 'a.db');
  mkdirSync(join(folder, 'links'));
  symlinkSync(path, link);
  const linked = new DatabaseFile(link);
  const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 5_000);
  expect(linked.isInPlace()).toBe(true);
  now.mockRestore();
  rmSync(path);
  expect(linked.isInPlace()).toBe(false);
});
