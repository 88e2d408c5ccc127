import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import '../../src/app.module'; // all modules contribute their entities
import { Database } from '../../src/database/database';
import { contributedEntities } from '../../src/database/database.module';
import { Belongings, eventually } from '../support/crash';
import { type Folders, nodeStep } from '../support/jobato';
import { anOldRun, oldRunId, pathsIn, storeOldRuns, tracesOf } from '../support/old-runs';
import { SeededRandom } from '../support/random';
import { repetitions } from '../support/repetitions';

const RETAINING_SERVER = join(__dirname, '..', 'support', 'retaining-server.cjs');
const KEPT = 5;
const RUNS = 120;
const SEEDS = repetitions(2, 5);
const KILLS = 6;

const belongings = new Belongings();
afterEach(() => belongings.clear());

/** Returns the ids in the tables that name runs which do not exist, and are not being deleted. */
function orphansIn({ dataDir }: Folders): string[] {
  const database = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { readonly: true });
  const tables = [
    'log_ends',
    'log_chunks',
    'applied_events',
    'outbox',
    'run_event_counts',
    'run_secrets',
    'schedule_records',
  ];
  const orphans = tables.flatMap((table) =>
    database
      .prepare<[], string>(
        `SELECT DISTINCT run_id FROM ${table} WHERE run_id NOT IN (SELECT run_id FROM runs)` +
          " AND run_id NOT IN (SELECT run_id FROM purges WHERE part = 'run')",
      )
      .pluck()
      .all()
      .map((runId) => `${table}: ${runId}`),
  );
  const known = new Set(
    database.prepare<[], string>('SELECT run_id FROM runs UNION SELECT run_id FROM purges').pluck().all(),
  );
  database.close();
  const folders = pathsIn(join(dataDir, 'runs')).filter((path) => !path.includes('/') && !known.has(path));
  return [...orphans, ...folders];
}

function isDone({ dataDir }: Folders): boolean {
  const database = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { readonly: true });
  const left = database.prepare('SELECT COUNT(*) FROM runs').pluck().get();
  const unfinished = database.prepare('SELECT COUNT(*) FROM purges').pluck().get();
  database.close();
  return left === KEPT && unfinished === 0;
}

describe('a server that deletes old runs', () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
    'leaves no row and no file behind, whenever it is killed (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const folders = belongings.makeFolders({
        demo: nodeStep('demo', '', `keep: { days: 0, runs: ${KEPT} }\n`),
      });
      const file = join(folders.dataDir, 'db', 'jobato.db');
      const database = await Database.open(file, contributedEntities());
      const ids = Array.from({ length: RUNS }, (_, n) => oldRunId(100 - n / 2, n));
      await storeOldRuns(
        database,
        folders.dataDir,
        ids.map((runId) => anOldRun(runId)),
        { events: 30, lines: 30 },
      );
      await database.close();
      for (let kill = 0; kill < KILLS; kill++) {
        const server = await belongings.start(folders, {}, RETAINING_SERVER);
        await delay(random.integer(0, 250));
        await server.end('SIGKILL');
        expect(orphansIn(folders)).toEqual([]);
      }
      await belongings.start(folders, {}, RETAINING_SERVER);
      const gone = ids.slice(0, -KEPT);
      await eventually('the deletion of all old runs', () => isDone(folders));
      expect(gone.flatMap((runId) => tracesOf(folders.dataDir, runId))).toEqual([]);
      for (const runId of ids.slice(-KEPT)) expect(tracesOf(folders.dataDir, runId)).toContain('runs.run_id');
      expect(orphansIn(folders)).toEqual([]);
    },
  );
});
