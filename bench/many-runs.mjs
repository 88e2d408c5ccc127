import BetterSqlite3 from 'better-sqlite3';

/** Values that only a few runs have, which a query must find by an index. */
export const RARE = { status: 'partial', scope: 'only:rare', projectId: 'rare' };

const FIRST_START = Date.UTC(2020, 0, 1);
const MINUTES_BETWEEN = 3;

const spread = (index) =>
  index % 10_000 === 5 ? RARE.projectId : index % 2 === 0 ? 'busy' : `project-${index % 300}`;

/**
 * Writes ended runs directly into the tables while the server is stopped.
 * @param projectIdOf returns the project of a run by its index; by default half of the runs belong to one project
 * @returns the id of the run in the middle
 */
export function fillWithRuns(databaseFile, count, projectIdOf = spread) {
  const database = new BetterSqlite3(databaseFile);
  try {
    database.pragma('synchronous = OFF');
    const insert = database.prepare(
      `INSERT INTO runs (run_id, project_id, number, scope, status, status_reason, triggered_by, params, rerun_of,
         definition_hash, executor, attempt, max_attempts, worker_id, claimed_at, last_heard_at, lease_expires_at,
         started_at, claim_by, finish_by, cancel_requested_at, stop_grace_seconds, stop_by, claim_timeout_seconds, ended_at, progress, steps,
         metrics, error, artifacts, revision)
       VALUES (@runId, @projectId, @number, @scope, @status, NULL, 'api', '{"docs":"docs"}', NULL, 'none', 'steps', 1, 1,
         'embedded-1', @startedAt, @startedAt, NULL, @startedAt, NULL, NULL, NULL, 30, NULL, 0, @endedAt,
         '{"step":null,"current":null,"total":null,"message":null}', @steps, '{"newJobsCount":12}', NULL, '[]', 5)`,
    );
    let middle = null;
    database.transaction(() => {
      for (let index = 0; index < count; index++) {
        const startMs = FIRST_START + index * MINUTES_BETWEEN * 60_000;
        const startedAt = new Date(startMs).toISOString();
        const endedAt = new Date(startMs + 5000).toISOString();
        const isRare = index % 10_000 === 17;
        const runId = idOf(startMs, index);
        if (index === Math.floor(count / 2)) middle = runId;
        insert.run({
          runId,
          projectId: projectIdOf(index),
          number: index + 1,
          scope: isRare || index % 10_000 === 20 ? RARE.scope : 'full',
          status: isRare ? RARE.status : index % 7 === 0 ? 'failed' : 'completed',
          startedAt,
          endedAt,
          steps: JSON.stringify(
            ['extract', 'provisional', 'issues', 'refined'].map((name) => ({
              name,
              status: 'completed',
              startedAt,
              endedAt,
              exitCode: 0,
            })),
          ),
        });
      }
      database.exec(
        'INSERT OR REPLACE INTO run_numbers SELECT project_id, MAX(number) FROM runs GROUP BY project_id',
      );
    })();
    database.pragma('wal_checkpoint(TRUNCATE)');
    return { middle };
  } finally {
    database.close();
  }
}

/** Returns a UUID of version 7: its first 48 bits are the time. */
function idOf(ms, index) {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${index.toString(16).padStart(12, '0')}`;
}
