import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { ResultCheck } from './result-check';

describe('ResultCheck', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-check-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['SQLITE_CORRUPT', 'damaged-database'],
    ['', 'damaged-database'],
    ['no-such-table', 'no-such-table'],
    ['fine', null],
    ['SQLITE_FULL', 'the disk is full'],
  ])('of a copy for which the program says "%s" is %j', async (outcome, expected) => {
    const path = join(folder, `of-${outcome}.db`);
    const database = new BetterSqlite3(path);
    database.exec('CREATE TABLE jobs (title TEXT)');
    database.close();
    const settled = new ResultCheck(() => Promise.resolve(outcome)).settle(
      path,
      join(folder, 'source.db'),
      null,
    );
    await (outcome === 'SQLITE_FULL'
      ? expect(settled).rejects.toMatchObject({ code: outcome })
      : expect(settled).resolves.toBe(expected));
  });
});
