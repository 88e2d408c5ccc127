import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { ResultCheck } from './result-check';

describe('ResultCheck', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-check-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(() => jest.restoreAllMocks());

  it.each(['SQLITE_FULL', 'SQLITE_CORRUPT'])(
    'tells a full disk from a damaged database: %s',
    async (code) => {
      const path = join(folder, `${code}.db`);
      const database = new BetterSqlite3(path);
      database.exec('CREATE TABLE jobs (title TEXT)');
      database.close();
      jest.spyOn(BetterSqlite3.prototype, 'pragma').mockImplementation(() => {
        throw new BetterSqlite3.SqliteError('failed', code);
      });
      const settled = new ResultCheck().settle(path, join(folder, 'source.db'), null);
      await (code === 'SQLITE_FULL'
        ? expect(settled).rejects.toMatchObject({ code })
        : expect(settled).resolves.toBe('damaged-database'));
    },
  );
});
