import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { ReaderProcess } from './reader-process';

const ENDLESS = 'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t';

const children = (): string[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');

describe('ReaderProcess', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-reader-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['SIGKILL', 'too-busy'],
    ['SIGSEGV', 'damaged-file'],
  ] as const)('that ends by %s reports "%s"', async (signal, code) => {
    const file = join(folder, 'result.db');
    new BetterSqlite3(file).exec('CREATE TABLE IF NOT EXISTS jobs (title)').close();
    const before = children();
    const reader = new ReaderProcess();
    const request = { file, parameters: [], maxRows: 1, maxBytes: 1000 };
    await reader.read({ ...request, sql: 'SELECT 1' }, 30_000);
    const reading = expect(reader.read({ ...request, sql: ENDLESS }, 30_000)).rejects.toMatchObject({
      flaw: { code },
    });
    for (const child of children()) if (!before.includes(child)) process.kill(Number(child), signal);
    await reading;
    expect(reader.hasEnded).toBe(true);
  });
});
