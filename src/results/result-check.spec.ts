import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { checkBy, ResultCheck } from './result-check';

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

  it.each([
    ['does not exist', null],
    ['fails', 'process.exit(1)'],
    ['is killed by the system', "process.kill(process.pid, 'SIGKILL')"],
  ])('does not hold it against the file if the program %s', async (_what, source) => {
    const program = join(folder, 'program.js');
    rmSync(program, { force: true });
    if (source !== null) writeFileSync(program, source);
    await expect(checkBy(program)('copy.db', null)).rejects.toMatchObject({ code: 'EAGAIN' });
  });

  it('holds it against the file if it crashes the program', async () => {
    const program = join(folder, 'crash.js');
    writeFileSync(program, "process.kill(process.pid, 'SIGSEGV'); setInterval(() => undefined, 1000);");
    await expect(checkBy(program)('copy.db', null)).resolves.toBe('');
  });
});
