import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';

interface RunRow {
  run_id: string;
  status: string;
  artifacts: { name: string; size: number }[];
}

/** Returns the rows of all tables, each sorted by its text. */
export function rowsOf(file: string): Record<string, string[]> {
  return reading(file, (database) => {
    const tables = database
      .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all();
    const rows = (table: string) =>
      database
        .prepare(`SELECT * FROM ${table}`)
        .all()
        .map((row) => JSON.stringify(row))
        .sort();
    return Object.fromEntries(tables.map((table) => [table, rows(table)]));
  });
}

/** Checks that the rows of each run are of the same moment, and returns the runs. */
export function consistentRuns(file: string): RunRow[] {
  return reading(file, (database) => {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    const none = (sql: string) =>
      expect({ sql, rows: database.prepare(sql).all() }).toEqual({ sql, rows: [] });
    for (const table of ['log_chunks', 'log_ends', 'applied_events', 'outbox', 'run_event_counts'])
      none(`SELECT run_id FROM ${table} WHERE run_id NOT IN (SELECT run_id FROM runs)`);
    none('SELECT run_id FROM runs WHERE definition_hash NOT IN (SELECT definition_hash FROM definitions)');
    none("SELECT run_id FROM runs WHERE (status = 'running') <> (ended_at IS NULL)");
    none('SELECT run_id FROM run_secrets');
    // The end of a run and the event that caused it are of one transaction.
    none(
      "SELECT run_id FROM runs WHERE status = 'completed' AND run_id NOT IN" +
        " (SELECT run_id FROM applied_events WHERE event_type = 'run.completed' AND outcome = 'applied')",
    );
    // Log lines have no gap, up to the recorded number.
    none(
      'SELECT run_id FROM log_chunks GROUP BY run_id HAVING SUM(last_seq - first_seq + 1) <> MAX(last_seq)' +
        ' OR MAX(last_seq) <> (SELECT last_seq FROM log_ends WHERE log_ends.run_id = log_chunks.run_id)',
    );
    const runs = database.prepare<[], { run_id: string; status: string; artifacts: string }>(
      'SELECT run_id, status, artifacts FROM runs',
    );
    return runs.all().map((run) => ({ ...run, artifacts: JSON.parse(run.artifacts) as RunRow['artifacts'] }));
  });
}

/** Returns the paths of all regular files below a folder. */
export function filesOf(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
    .sort();
}

function reading<Result>(file: string, read: (database: BetterSqlite3.Database) => Result): Result {
  const database = new BetterSqlite3(file, { readonly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}
