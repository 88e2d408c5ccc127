import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { makeFolders, nodeStep, ServerProcess } from '../support/jobato';

it('the backup statement in README copies the database while a run writes', async () => {
  const [, statement, name] = /"(VACUUM INTO '([^']+)')"/.exec(
    readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8'),
  )!;
  const folders = makeFolders({
    writes: nodeStep(
      'writes',
      `let line = 0;
       setInterval(() => {
         console.log('line', ++line);
         if (line === 100) require('node:fs').writeSync(3, '{"progress":{"current":100}}\\n');
       }, 5)`,
    ),
  });
  const server = await ServerProcess.start(folders);
  try {
    const { runId } = await server.trigger('writes');
    await server.until(runId, ({ progress }) => progress?.current === 100);

    const copyFile = join(folders.root, 'copy.db');
    const database = new BetterSqlite3(join(folders.dataDir, 'db', 'jobato.db'));
    database.exec(statement!.replace(name!, copyFile));
    database.close();

    const copy = new BetterSqlite3(copyFile, { readonly: true });
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(copy.prepare('SELECT status FROM runs WHERE run_id = ?').get(runId)).toEqual({
      status: 'running',
    });
    copy.close();
  } finally {
    await server.end('SIGTERM');
    rmSync(folders.root, { recursive: true, force: true });
  }
});
