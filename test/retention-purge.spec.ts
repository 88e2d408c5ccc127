import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import '../src/app.module'; // all modules contribute their entities
import { ArtifactFiles } from '../src/artifacts/artifact-files';
import { AttemptFolders } from '../src/artifacts/attempt-folders';
import { FILE_PARTS } from '../src/backup/archive-format';
import { backup } from '../src/backup/backup';
import { restore } from '../src/backup/restore';
import { Clock } from '../src/clock/clock';
import { loadConfig } from '../src/config/config';
import { Database } from '../src/database/database';
import { contributedEntities } from '../src/database/database.module';
import { Purger } from '../src/retention/purger';
import { TABLES_OF_A_RUN } from '../src/retention/tables-of-a-run';
import { type Portion, SHORT_PORTION } from '../src/retention/purge.repository';
import { RunFiles } from '../src/retention/run-files';
import type { RunChanges } from '../src/runs/run-changes';
import { lowestRunIdAt } from '../src/runs/run-id';
import { RunRepository } from '../src/runs/run.repository';
import { anOldRun, oldRunId, purgesOn, storeOldRuns, tablesOf, tracesOf } from './support/old-runs';

const ONE_STATEMENT: Portion = { ms: Infinity, statements: 1 };
const NEWEST = oldRunId(1);
const PROJECT = 'demo';
const OLD = oldRunId(100);
const HASH = 'a'.repeat(64);

let root: string;
let template: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'jobato-purge-'));
  template = join(root, 'template');
  const database = await open(template);
  await storeOldRuns(database, template, [anOldRun(NEWEST), anOldRun(OLD, { definitionHash: HASH })]);
  await database.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const open = (dataDir: string) => Database.open(join(dataDir, 'db', 'jobato.db'), contributedEntities());

function parts(dataDir: string, database: Database) {
  const config = loadConfig({ DATA_DIR: dataDir }, root);
  const runs = new RunRepository(database, new Clock(), null!, null!);
  const { purges } = purgesOn(database);
  const files = new RunFiles(
    new AttemptFolders(new ArtifactFiles(config), {} as RunChanges, runs, config),
    config,
  );
  return { runs, purges, files, purger: new Purger(purges, files, runs) };
}

/** A data folder with an old and a new run, in which a process has just started. */
async function started(dataDir: string): Promise<ReturnType<typeof parts> & { database: Database }> {
  const database = await open(dataDir);
  return { database, ...parts(dataDir, database) };
}

let copies = 0;
const copied = () => {
  const dataDir = join(root, `copy-${++copies}`);
  cpSync(template, dataDir, { recursive: true });
  return dataDir;
};
const countIn = (dataDir: string, from: string): number => {
  const database = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { readonly: true });
  const count = database.prepare<[], number>(`SELECT COUNT(*) FROM ${from}`).pluck().get()!;
  database.close();
  return count;
};

/** Every step of a deletion, each of which a process may be the last to complete. */
async function* steps({ purges, files, runs }: ReturnType<typeof parts>): AsyncGenerator<string> {
  await purges.markOne(OLD);
  yield 'marked';
  const [purge] = await purges.unfinished(0, 1);
  let left = true;
  while (left) {
    left = (await purges.deleteRows({ purges: [purge!], from: 0, portion: ONE_STATEMENT })) === 0;
    yield 'rows';
  }
  await files.delete(purge!);
  yield 'files';
  await runs.deleteUnusedDefinitions([HASH]);
  yield 'definition';
  await purges.finish([purge!.id]);
  yield 'finished';
}

describe('a deletion of a run', () => {
  it('is completed by the next start, after any step at which the process ended', async () => {
    for (let done = 1; ; done++) {
      const dataDir = copied();
      const before = await started(dataDir);
      const taken: string[] = [];
      for await (const step of steps(before)) {
        taken.push(step);
        // From the first step on, no reader sees the run.
        expect(await before.runs.find(OLD)).toBeNull();
        if (taken.length === done) break;
      }
      await before.database.close(); // every step is committed, so that this is like a crash
      const isLast = taken.at(-1) === 'finished' || taken.length < done;
      if (!isLast) expect(countIn(dataDir, 'purges')).toBe(1);
      const next = await started(dataDir);
      await next.purger.drain();
      await next.database.close();
      expect({ done, traces: tracesOf(dataDir, OLD) }).toEqual({ done, traces: [] });
      expect(countIn(dataDir, 'purges')).toBe(0);
      expect(countIn(dataDir, `definitions WHERE definition_hash = '${HASH}'`)).toBe(0);
      expect(countIn(dataDir, 'definitions')).toBe(1);
      expect(countIn(dataDir, 'rejected_events') - countIn(dataDir, 'rejected_totals WHERE events = 1')).toBe(
        0,
      );
      expect(tracesOf(dataDir, NEWEST).length).toBeGreaterThan(TABLES_OF_A_RUN.length);
      if (isLast) {
        expect(done).toBeGreaterThan(TABLES_OF_A_RUN.length + 4);
        return;
      }
    }
  });

  it('is completed by a server on a restored backup', async () => {
    const dataDir = copied();
    const { database, purges } = await started(dataDir);
    await purges.markOne(OLD);
    await database.close();
    const [target, restored] = [join(root, 'backup.tar'), join(root, 'restored')];
    const options = { jobatoVersion: '1.0.0', now: new Date().toISOString(), onProgress: () => undefined };
    await backup({ ...options, dataDir, target, replaces: false, parts: [...FILE_PARTS] });
    await restore({ ...options, dataDir: restored, source: target });

    const before = tracesOf(restored, OLD);
    expect(before).toContain('log_chunks.run_id');
    expect(before).not.toContain(`runs/${OLD}`);
    const next = await started(restored);
    await next.purger.drain();
    expect(await next.runs.find(NEWEST)).not.toBeNull();
    await next.database.close();
    expect(tracesOf(restored, OLD)).toEqual([]);
    expect(tracesOf(restored, NEWEST)).toContain(`runs/${NEWEST}`);
  });

  it('takes many portions for a run with many rows, and large rows one by one', async () => {
    const dataDir = copied();
    const { database, purges, purger } = await started(dataDir);
    const large = oldRunId(50);
    await storeOldRuns(database, dataDir, [anOldRun(large)], { events: 1000, lines: 10 });
    await database.write(async (tx, inputs: undefined[]) => {
      await tx.query('UPDATE log_chunks SET lines = ? WHERE run_id = ?', ['x'.repeat(200 * 1024), large]);
      return inputs;
    }, undefined);
    await purges.markOne(large);
    const batch = await purges.unfinished(0, 1);
    const rows: number[] = [];
    const left = () =>
      countIn(dataDir, `log_chunks WHERE run_id = '${large}'`) +
      countIn(dataDir, `applied_events WHERE run_id = '${large}'`);
    while ((await purges.deleteRows({ purges: batch, from: 0, portion: ONE_STATEMENT })) === 0)
      rows.push(left());
    const sizes = rows.map((count, index) => (index === 0 ? 1010 : rows[index - 1]!) - count);
    expect(Math.max(...sizes)).toBe(100);
    expect(sizes.filter((size) => size === 2)).toHaveLength(5); // two chunks of 200 KiB at a time
    await purger.drain();
    await database.close();
    expect(tracesOf(dataDir, large)).toEqual([]);
  });

  it('refuses runs that are active, pinned or unknown', async () => {
    const dataDir = copied();
    const { database, purges } = await started(dataDir);
    const [active, pinned] = [oldRunId(3), oldRunId(4)];
    await storeOldRuns(database, dataDir, [
      anOldRun(active, { status: 'running', endedAt: null }),
      anOldRun(pinned, { pinned: 1 }),
    ]);
    expect(await Promise.all([active, pinned, oldRunId(5), OLD].map((id) => purges.markOne(id)))).toEqual([
      'active',
      'pinned',
      'unknown',
      'marked',
    ]);
    await database.close();
  });

  it('is tried again where files cannot be deleted, and does not stop others', async () => {
    const dataDir = copied();
    const { database, purges, purger, files } = await started(dataDir);
    const other = oldRunId(50);
    await storeOldRuns(database, dataDir, [anOldRun(other)]);
    const deleteFiles = jest.spyOn(files, 'delete').mockImplementation(async (purge) => {
      if (purge.runId === OLD) throw Object.assign(new Error('busy'), { code: 'EBUSY' });
      return RunFiles.prototype.delete.call(files, purge);
    });
    await Promise.all([OLD, other].map((id) => purges.markOne(id)));
    await purger.drain();
    expect(tracesOf(dataDir, other)).toEqual([]);
    expect([...purger.failures.values()]).toEqual([`The files of run ${OLD} could not be deleted (EBUSY).`]);
    deleteFiles.mockRestore();
    await purger.drain();
    expect(purger.failures.size).toBe(0);
    expect(tracesOf(dataDir, OLD)).toEqual([]);
    await database.close();
  });

  it('deletes folders that a step has made read-only', async () => {
    const dataDir = copied();
    const { database, purges, purger } = await started(dataDir);
    const folder = join(dataDir, 'runs', OLD, 'deep');
    writeFileSync(join(folder, 'kept'), '');
    for (const path of [join(folder, 'er'), folder]) chmodSync(path, 0o500);
    await purges.markOne(OLD);
    await purger.drain();
    await database.close();
    expect(tracesOf(dataDir, OLD)).toEqual([]);
  });

  it('keeps the id, and forgets it with the calls of the run after its time', async () => {
    const dataDir = copied();
    const { database, purges, purger, runs } = await started(dataDir);
    await purges.markOne(NEWEST);
    const later = new Date(Date.now() + 60_000).toISOString();
    // The rows of the run are still there, and it must not be forgotten before they are deleted.
    expect(await purges.forgetDeleted({ before: later, limit: 10 })).toBe(0);
    await purger.drain();
    expect(await runs.newestId()).toBe(NEWEST);
    expect(await purges.forgetDeleted({ before: new Date(0).toISOString(), limit: 10 })).toBe(0);
    expect(countIn(dataDir, `quota_usage WHERE run_id = '${NEWEST}'`)).toBe(1);
    expect(await purges.forgetDeleted({ before: later, limit: 10 })).toBe(1);
    expect(countIn(dataDir, 'deleted_runs')).toBe(0);
    expect(countIn(dataDir, `quota_usage WHERE run_id = '${NEWEST}'`)).toBe(0);
    await database.close();
  });

  it('selects the runs again in the transaction that deletes them', async () => {
    const dataDir = copied();
    const { database, purges, runs } = await started(dataDir);
    const stretch = {
      projectId: PROJECT,
      part: 'run' as const,
      before: lowestRunIdAt(Date.now()),
      after: '',
    };
    // The newest run is deleted after the plan was made, so that the old one is the newest now.
    await purges.markOne(NEWEST);
    expect(await purges.mark({ stretch, portion: SHORT_PORTION })).toMatchObject({ runs: 0, next: null });
    expect(await runs.find(OLD)).not.toBeNull();
    await database.close();
  });
});

describe('the tables', () => {
  /** Tables whose rows do not go with a run, and why. */
  const OTHERS: Record<string, string> = {
    runs: 'the run itself, deleted first',
    rejected_events: 'goes with the run, with its totals',
    purges: 'the deletion in progress',
    deleted_runs: 'ids of deleted runs, forgotten after RUN_EVENTS_RETENTION_HOURS',
    quota_usage: 'calls count until the end of their day; forgotten with the id',
    idempotency_keys: 'live 24 h, so that a repeated request gets its first answer',
    definitions: 'deleted with the last run that refers to them',
    run_numbers: 'one row for each project; numbers are never used again',
    results: 'a run with a kept result is never deleted',
    live_results: 'one row for each project',
    foreign_pointers: 'one row for each project',
    notification_channels: 'one row for each channel',
    schedules: 'one row for each schedule of a project',
    pauses: 'one row for each project',
    rejected_totals: 'one row',
    installation: 'one row',
    retention_state: 'one row',
    recorded_deadlines: 'one row, of active runs',
    ended_sessions: 'not about runs',
    stream_entries: 'trimmed after RUN_EVENTS_RETENTION_HOURS',
    stream_groups: 'one row for each consumer group',
    stream_pending: 'goes with its stream entry',
    migrations: 'not about runs',
  };

  it('are all known to the deletion of a run', async () => {
    const database = new BetterSqlite3(join(template, 'db', 'jobato.db'), { readonly: true });
    const tables = tablesOf(database);
    database.close();
    const going = TABLES_OF_A_RUN.map(({ name }) => name);
    // A new table needs a line in src/retention/tables-of-a-run.ts, or a reason here.
    expect(tables.map(({ table }) => table).sort()).toEqual([...going, ...Object.keys(OTHERS)].sort());
    const referring = tables
      .filter(({ table }) => !going.includes(table))
      .flatMap(({ table, columns }) =>
        columns.filter((column) => /run_id|rerun_of/.test(column)).map((column) => `${table}.${column}`),
      );
    expect(referring.sort()).toEqual([
      'deleted_runs.run_id',
      'foreign_pointers.seen_run_id',
      'idempotency_keys.run_id',
      'purges.run_id',
      'quota_usage.run_id',
      'rejected_events.run_id',
      'results.run_id',
      'runs.rerun_of',
      'runs.run_id',
    ]);
  });
});
