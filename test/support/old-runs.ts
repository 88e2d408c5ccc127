import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Clock, toInstant } from '../../src/clock/clock';
import { Database } from '../../src/database/database';
import type { Transaction } from '../../src/database/writer';
import { EmbeddedEventStream } from '../../src/events/embedded-event-stream';
import { RejectedEventRepository } from '../../src/events/rejected-event.repository';
import { RejectedEvents } from '../../src/events/rejected-events';
import { encodeLines } from '../../src/logs/log-chunk';
import { PurgeRepository } from '../../src/retention/purge.repository';
import { RetentionRepository } from '../../src/retention/retention.repository';
import { DeletedRunRepository } from '../../src/runs/deleted-run.repository';
import type { Run } from '../../src/runs/run';
import { RunEntity } from '../../src/runs/run.entity';
import { lowestRunIdAt } from '../../src/runs/run-id';
import { RunNumberRepository } from '../../src/runs/run-number.repository';
import { aNewRun, aProject } from './a-run';

const DAY_MS = 86_400_000;

/** Returns the id of a run that started so many days ago; `n` tells runs of one millisecond apart. */
export function oldRunId(days: number, n = 0): string {
  const id = lowestRunIdAt(Date.now() - days * DAY_MS);
  return id.slice(0, -6) + n.toString(16).padStart(6, '0');
}

/** Returns an ended run of the past. */
export function anOldRun(runId: string, more: Partial<Run> = {}): Run {
  const startedAt = toInstant(Number.parseInt(runId.replaceAll('-', '').slice(0, 12), 16));
  return {
    ...aNewRun(),
    runId,
    status: 'completed',
    startedAt,
    endedAt: startedAt,
    claimedAt: startedAt,
    artifacts: [{ name: 'report.txt', size: 6 }],
    steps: [],
    ...more,
  };
}

/**
 * Stores runs of the past with a row in every table that has rows of runs, and with files.
 * @param events number of events of each run
 */
export async function storeOldRuns(
  database: Database,
  dataDir: string,
  runs: Run[],
  { events = 3, lines = 3 } = {},
): Promise<void> {
  const numbers = new RunNumberRepository();
  await database.write(async (tx: Transaction, inputs: undefined[]) => {
    for (const run of runs) {
      await numbers.assign(tx, [run]);
      await numbers.store(tx, [run]);
    }
    await database.rows(RunEntity).insert(tx, runs);
    for (const run of runs) await storeSideRows(tx, run, events, lines);
    return inputs;
  }, undefined);
  for (const { runId, projectId } of runs) {
    write(join(dataDir, 'runs', runId, 'report.txt'), 'report');
    write(join(dataDir, 'runs', runId, 'deep', 'er', 'file'), 'x');
    write(join(dataDir, 'html', projectId, runId, 'page.html'), '<p>');
  }
}

async function storeSideRows(tx: Transaction, run: Run, events: number, lines: number): Promise<void> {
  const { runId, projectId, startedAt } = run;
  await tx.each(
    'INSERT INTO definitions (definition_hash, definition) VALUES (?, ?) ON CONFLICT DO NOTHING',
    [[run.definitionHash, JSON.stringify(aProject())]],
  );
  await tx.each(
    'INSERT INTO log_chunks (run_id, last_seq, first_seq, lines) VALUES (?, ?, ?, ?)',
    Array.from({ length: lines }, (_, n) => [
      runId,
      n + 1,
      n + 1,
      encodeLines([{ seq: n + 1, at: startedAt, stream: 'stdout', step: 'work', text: `line ${n}` }]),
    ]),
  );
  await tx.each(
    'INSERT INTO log_ends (run_id, last_seq, bytes, limit_reached, seen_numbers, step_starts) VALUES (?, ?, 60, 0, ?, ?)',
    [[runId, lines, '{}', '[]']],
  );
  const event = (n: number) => `${createHash('md5').update(`${runId}${n}`).digest('hex')}`;
  await tx.each(
    'INSERT INTO applied_events (event_id, event_type, occurred_at, applied_at, run_id, payload, outcome)' +
      " VALUES (?, 'run.progress', ?, ?, ?, '{}', 'applied')",
    Array.from({ length: events }, (_, n) => [event(n), startedAt, startedAt, runId]),
  );
  await tx.each(
    'INSERT INTO outbox (event_id, event_type, event_version, occurred_at, run_id, payload)' +
      " VALUES (?, 'run.cancel.requested', '1', ?, ?, '{}')",
    [[event(-1), startedAt, runId]],
  );
  await tx.each('INSERT INTO published_requests (run_id, entry_id) VALUES (?, ?)', [[runId, '1-1']]);
  await tx.each(
    'INSERT INTO run_event_counts (run_id, listed, listed_bytes, signs_of_life, unlisted) VALUES (?, 1, 2, 0, 0)',
    [[runId]],
  );
  await tx.each(
    'INSERT INTO schedule_records (project_id, schedule, due_at, outcome, run_id, count, recorded_at)' +
      " VALUES (?, ?, ?, 'started', ?, 1, ?)",
    [[projectId, `schedule-${runId}`, startedAt, runId, startedAt]],
  );
  await tx.each(
    'INSERT INTO notification_deliveries (id, channel_id, kind, project_id, run_id, facts, created_at, state,' +
      " attempts, waited_ms, due_at_ms) VALUES (?, 'ops', 'failed', ?, ?, '{}', ?, 'delivered', 1, 0, 0)",
    [[event(-2), projectId, runId, startedAt]],
  );
  await tx.each(
    'INSERT INTO notification_conditions (kind, subject, project_id, run_id, facts, told)' +
      " VALUES ('long', ?, ?, ?, '{}', '[]')",
    [[runId, projectId, runId]],
  );
  await tx.each('INSERT INTO run_secrets (run_id, sealed) VALUES (?, ?)', [[runId, 'sealed']]);
  await tx.each(
    'INSERT INTO rejected_events (entry_id, reason, fields, run_id, rejected_at, bytes) VALUES (?, ?, ?, ?, ?, 10)',
    [[`entry-${runId}`, 'unknown type', '{}', runId, startedAt]],
  );
  await tx.query('UPDATE rejected_totals SET events = events + 1, bytes = bytes + 10');
  await tx.each(
    'INSERT INTO quota_usage (run_id, attempt, quota_day, project_id, used, counted_ahead) VALUES (?, 1, ?, ?, 2, 0)',
    [[runId, startedAt.slice(0, 10), projectId]],
  );
}

/** Tables that keep the id of a deleted run for a while: their own rows end by age. */
const OUTLIVING = ['deleted_runs', 'quota_usage', 'idempotency_keys'];

/** Returns where the data folder still has something of a run: `table.column` and paths. Runs that repeat it may name it. */
export function tracesOf(dataDir: string, runId: string): string[] {
  const database = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { readonly: true });
  try {
    const rows = tablesOf(database).flatMap(({ table, columns }) =>
      columns
        .filter((column) => column !== 'rerun_of' && !OUTLIVING.includes(table))
        .filter((column) => database.prepare(`SELECT 1 FROM ${table} WHERE ${column} = ? LIMIT 1`).get(runId))
        .map((column) => `${table}.${column}`),
    );
    return [...rows, ...pathsIn(dataDir).filter((path) => path.includes(runId))];
  } finally {
    database.close();
  }
}

export function tablesOf(database: BetterSqlite3.Database): { table: string; columns: string[] }[] {
  const tables = database
    .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all();
  return tables.map((table) => ({
    table,
    columns: database.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table),
  }));
}

/** Returns all paths below a folder, relative to it. */
export function pathsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true }) as string[];
}

/** Returns the part of the application that deletes runs, without the application. */
export function purgesOn(database: Database): { purges: PurgeRepository; candidates: RetentionRepository } {
  const clock = new Clock();
  const candidates = new RetentionRepository(database);
  const rejected = new RejectedEvents(
    new RejectedEventRepository(database),
    new EmbeddedEventStream(database, clock),
    clock,
  );
  const purges = new PurgeRepository(
    database,
    candidates,
    new DeletedRunRepository(database),
    rejected,
    clock,
  );
  return { purges, candidates };
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
