import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { aNewRun, after, LATER } from './support/a-run';
import '../src/app.module'; // all modules contribute their entities
import { Database } from '../src/database/database';
import { contributedEntities } from '../src/database/database.module';
import { FirstTables1700000000001 } from '../src/database/migrations/1-first-tables';
import type { Transaction } from '../src/database/writer';
import { OutboxEntity } from '../src/events/event.entities';
import type { Run } from '../src/runs/run';
import { AppliedEventEntity } from '../src/events/event.entities';
import { DefinitionEntity, RunEntity, RunNumberEntity } from '../src/runs/run.entity';

const id = (n: number) => `019ca9d6-8580-7000-8000-${String(n).padStart(12, '0')}`;
const runOf = (n: number, projectId = 'demo'): Run => ({ ...aNewRun(), runId: id(n), number: n, projectId });
const ended = (run: Run): Run =>
  after(run, [{ type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' }]);

let folder: string;
let file: string;
let database: Database;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobato-database-'));
  file = join(folder, 'db', 'jobato.db');
  database = await Database.open(file, contributedEntities());
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs statements in one transaction of the writer. */
const write = <Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> =>
  database.write(async (tx, inputs: undefined[]) => {
    const result = await work(tx);
    return inputs.map(() => result);
  }, undefined);

describe('Database', () => {
  it('creates its folder, file and all tables of the entities', async () => {
    expect(await database.missingMigrations()).toEqual([]);
  });

  it('keeps its data when opened again', async () => {
    const runs = database.rows(RunEntity);
    await write((tx) => runs.insert(tx, [runOf(1)]));
    await database.close();
    database = await Database.open(file, contributedEntities());
    expect(await database.missingMigrations()).toEqual([]);
    expect(await database.rows(RunEntity).select(database.read, '', [])).toEqual([runOf(1)]);
  });

  it('migrates tables and runs of the first version', async () => {
    const old = join(folder, 'old.db');
    const first = new DataSource({
      type: 'better-sqlite3',
      database: old,
      migrations: [FirstTables1700000000001],
      migrationsTableName: 'migrations',
    });
    await first.initialize();
    await first.runMigrations();
    const before = new BetterSqlite3(old);
    const columns = before.pragma('table_info(runs)') as { name: string; type: string; notnull: number }[];
    const needed = columns.filter(({ notnull }) => notnull === 1);
    const insert = before.prepare(
      `INSERT INTO runs (${needed.map(({ name }) => name).join(', ')}) VALUES (${needed.map(() => '?').join(', ')})`,
    );
    const addRun = (run_id: string, project_id: string) => {
      const given: Record<string, string> = { run_id, project_id };
      insert.run(...needed.map(({ name, type }) => given[name] ?? (type === 'text' ? '{}' : 1)));
    };
    // Not in the order of ids, which is that of ages.
    for (const n of [4, 1, 3]) addRun(id(n), 'demo');
    addRun(id(2), 'other');
    const told = before.prepare(
      'INSERT INTO applied_events (event_id, event_type, occurred_at, applied_at, run_id, payload, outcome, effect)' +
        " VALUES (?, ?, '', '', ?, '{}', 'applied', ?)",
    );
    const ended = {
      zeroResults: [
        { queryText: 'q', domain: 'd', occurredAt: '2026-03-01T11:00:00+01:00' },
        { domain: 'd' },
      ],
    };
    before
      .prepare(
        "UPDATE runs SET executor = 'external', status = 'completed', ended_at = 'then' WHERE run_id IN (?, ?, ?)",
      )
      .run(id(2), id(3), id(4));
    const completed = before.prepare(
      'INSERT INTO applied_events (event_id, event_type, occurred_at, applied_at, run_id, payload, outcome)' +
        " VALUES (?, 'run.completed', '', '', ?, ?, ?)",
    );
    completed.run('e4', id(2), JSON.stringify(ended), 'applied');
    completed.run('e5', id(3), JSON.stringify(ended), 'already-ended');
    completed.run(
      'e6',
      id(4),
      JSON.stringify({ zeroResults: Array(600).fill(ended.zeroResults[0]) }),
      'applied',
    );
    told.run('e1', 'run.requested', id(1), 'made known to workers');
    told.run('e2', 'run.started', id(1), 'waiting → active');
    told.run('e3', 'run.progress', id(1), null);
    before.close();
    await first.destroy();

    const updated = await Database.open(old, contributedEntities());
    expect(await updated.missingMigrations()).toEqual([]);
    const unknown = { triggeredByName: null, cancelRequestedBy: null };
    expect(await updated.rows(RunEntity).select(updated.read, 'ORDER BY run_id', [])).toMatchObject([
      { runId: id(1), projectId: 'demo', number: 1, runInputs: null, quota: null, attempt: 1, ...unknown },
      {
        runId: id(2),
        projectId: 'other',
        number: 1,
        zeroResults: [{ queryText: 'q', domain: 'd', occurredAt: '2026-03-01T10:00:00.000Z' }],
        issuedCalls: null,
      },
      { runId: id(3), projectId: 'demo', number: 2, zeroResults: null },
      // More than a run stores.
      { runId: id(4), projectId: 'demo', number: 3, zeroResults: null },
    ]);
    expect(await updated.rows(RunNumberEntity).select(updated.read, 'ORDER BY project_id', [])).toEqual([
      { projectId: 'demo', lastNumber: 3 },
      { projectId: 'other', lastNumber: 1 },
    ]);
    const events = updated.rows(AppliedEventEntity);
    const isOld = "WHERE event_id IN ('e1', 'e2', 'e3') ORDER BY position";
    expect(await events.select(updated.read, isOld, [])).toMatchObject([
      { origin: 'server', fromPhase: null, toPhase: null },
      { origin: 'worker', fromPhase: 'waiting', toPhase: 'active' },
      { origin: 'worker', fromPhase: null, toPhase: null },
    ]);
    await updated.close();
  });

  it('uses WAL, syncs at each commit, and never waits for a lock', async () => {
    expect(await write((tx) => tx.query('PRAGMA journal_mode'))).toEqual([{ journal_mode: 'wal' }]);
    expect(await write((tx) => tx.query('PRAGMA synchronous'))).toEqual([{ synchronous: 2 }]);
    expect(await write((tx) => tx.query('PRAGMA busy_timeout'))).toEqual([{ timeout: 0 }]);
  });

  it.each([
    ['an insert', "INSERT INTO definitions VALUES ('a', '{}')"],
    ['a delete', 'DELETE FROM definitions'],
    ['a new table', 'CREATE TABLE extra (id integer)'],
  ])('rejects %s on the read connection', async (_what, sql) => {
    await expect(database.read.query(sql)).rejects.toThrow(/readonly/i);
  });

  it('shows every committed write to readers', async () => {
    const definitions = database.rows(DefinitionEntity);
    for (let n = 1; n <= 50; n++) {
      await write((tx) => definitions.insert(tx, [{ definitionHash: `h${n}`, definition: '{}' }]));
      const [row] = await database.read.query<{ count: number }>('SELECT COUNT(*) AS count FROM definitions');
      expect(row!.count).toBe(n);
    }
  });

  it('hides uncommitted writes from readers', async () => {
    const definitions = database.rows(DefinitionEntity);
    const seen = await write(async (tx) => {
      await definitions.insert(tx, [{ definitionHash: 'h', definition: '{}' }]);
      return definitions.select(database.read, '', []);
    });
    expect(seen).toEqual([]);
    expect(await definitions.select(database.read, '', [])).toHaveLength(1);
  });

  it('commits pending writes before it closes and rejects later ones', async () => {
    const definitions = database.rows(DefinitionEntity);
    const written = Array.from({ length: 20 }, (_, n) =>
      write((tx) => definitions.insert(tx, [{ definitionHash: `h${n}`, definition: '{}' }])),
    );
    await database.close();
    await Promise.all(written);
    await expect(write(async () => 1)).rejects.toThrow('closed');
    database = await Database.open(file, contributedEntities());
    expect(await database.rows(DefinitionEntity).select(database.read, '', [])).toHaveLength(20);
  });
});

describe('unique constraint on running runs', () => {
  it('allows one running run per project', async () => {
    const runs = database.rows(RunEntity);
    await write((tx) => runs.insert(tx, [runOf(1)]));
    await expect(write((tx) => runs.insert(tx, [runOf(2)]))).rejects.toThrow(/UNIQUE/);
  });

  it('also applies to writes by another program', async () => {
    await write((tx) => database.rows(RunEntity).insert(tx, [runOf(1)]));
    const other = new BetterSqlite3(file);
    const copy = `INSERT INTO runs SELECT '${id(2)}', ${other
      .prepare<[], { name: string }>("SELECT name FROM pragma_table_info('runs') WHERE name <> 'run_id'")
      .all()
      .map(({ name }) => (name === 'number' ? '2' : name))
      .join(', ')} FROM runs`;
    expect(() => other.exec(copy)).toThrow(/UNIQUE.*: runs\.project_id$/);
    other.close();
  });

  it('allows many ended runs, and running runs of other projects', async () => {
    const runs = database.rows(RunEntity);
    await write((tx) =>
      runs.insert(tx, [ended(runOf(1)), ended(runOf(2)), runOf(3), runOf(4, 'other')] as RunEntity[]),
    );
    expect(await runs.select(database.read, "WHERE status = 'running' ORDER BY run_id", [])).toEqual([
      runOf(3),
      runOf(4, 'other'),
    ]);
  });
});

describe('Rows', () => {
  it('are returned as written, including nested values, nulls and special characters', async () => {
    const runs = database.rows(RunEntity);
    const odd = {
      ...runOf(1),
      params: { text: 'a"b\\c\n\u{1F600}\u2028', list: [1, { deep: null }], number: 0.1 },
      error: { code: 'E', message: "Robert'); DROP TABLE runs;--" },
      stopGraceSeconds: 0.5,
    };
    await write((tx) => runs.insert(tx, [odd as RunEntity]));
    expect(await runs.select(database.read, 'WHERE run_id = ?', [id(1)])).toEqual([odd]);
  });

  it('insert rows and return those without a conflict', async () => {
    const runs = database.rows(RunEntity);
    await write((tx) => runs.insert(tx, [runOf(1)]));
    const inserted = await write((tx) =>
      runs.insert(tx, [runOf(2), runOf(3, 'other'), runOf(4, 'other')] as RunEntity[], {
        onConflict: 'ignore',
      }),
    );
    expect(inserted).toEqual([runOf(3, 'other')]);
  });

  it('receive ascending positions from the table', async () => {
    const outbox = database.rows(OutboxEntity);
    const event = {
      eventId: 'e',
      eventType: 't',
      eventVersion: '1',
      occurredAt: LATER,
      runId: id(1),
      payload: '{}',
    };
    await write((tx) => outbox.insert(tx, [event, event]));
    const rows = await outbox.select(database.read, 'ORDER BY position', []);
    expect(rows.map(({ position }) => position)).toEqual([1, 2]);
  });

  it('accept an empty list', async () => {
    const runs = database.rows(RunEntity);
    expect(await write((tx) => runs.insert(tx, []))).toEqual([]);
    expect(
      await write((tx) => runs.update(tx, [], { key: 'runId', properties: ['status'], guard: 'TRUE' })),
    ).toBe(0);
  });

  it('update only the named properties of each row', async () => {
    const runs = database.rows(RunEntity);
    await write((tx) => runs.insert(tx, [runOf(1), runOf(2, 'other')] as RunEntity[]));
    const changed = [
      { ...runOf(1), metrics: { found: 1 }, scope: 'changed', error: { code: 'E', message: 'm' } },
      { ...runOf(2, 'other'), metrics: { found: 2 }, scope: 'changed' },
    ] as RunEntity[];
    const count = await write((tx) =>
      runs.update(tx, changed, { key: 'runId', properties: ['metrics', 'error'], guard: 'TRUE' }),
    );
    expect(count).toBe(2);
    expect(await runs.select(database.read, 'ORDER BY run_id', [])).toEqual([
      { ...runOf(1), metrics: { found: 1 }, error: { code: 'E', message: 'm' } },
      { ...runOf(2, 'other'), metrics: { found: 2 } },
    ]);
  });

  it('update only rows that match the guard and return their number', async () => {
    const runs = database.rows(RunEntity);
    await write((tx) => runs.insert(tx, [{ ...runOf(1), revision: 5 }, runOf(2, 'other')] as RunEntity[]));
    const changed = [runOf(1), runOf(2, 'other')].map((run) => ({ ...run, workerId: 'w', revision: 4 }));
    const count = await write((tx) =>
      runs.update(tx, changed as RunEntity[], {
        key: 'runId',
        properties: ['workerId', 'revision'],
        guard: "status = 'running' AND revision < ?",
        guardedBy: ['revision'],
      }),
    );
    expect(count).toBe(1);
    expect(await runs.select(database.read, 'WHERE worker_id IS NOT NULL', [])).toMatchObject([
      { runId: id(2) },
    ]);
  });
});
