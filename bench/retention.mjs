// Deletes most of many old runs while another client writes.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { percentile } from './figures.mjs';
import { Place, ServerProcess } from './server-process.mjs';

const PROGRAM = fileURLToPath(new URL('./retention-server.cjs', import.meta.url));
const KEPT_RUNS = 10_000;
const EVENTS_PER_RUN = 5;
/** Every tenth run has a folder with a file: the time for the others would be that of the file system. */
const RUNS_PER_FOLDER = 10;
const LOG_TEXT = 'a line of the log, as long as most of them are\n'.repeat(80);
/** Seconds without deletion before the pass, to compare. */
const BASELINE_SECONDS = 5;

export async function retention({ quick, runs }) {
  const count = runs ?? (quick ? 20_000 : 100_000);
  const place = new Place();
  place.addProject('old', `executor: external\nkeep: { days: 0, runs: ${KEPT_RUNS} }`);
  place.addProject('other', 'executor: external');
  try {
    await (await ServerProcess.start(place)).stop();
    seed(place, count);
    const before = sizeOf(place.databaseFile);
    const environment = { FIRST_PASS_AFTER_MS: String(BASELINE_SECONDS * 1000), MIN_FREE_DISK_MB: '0' };
    const server = await ServerProcess.start(place, { program: PROGRAM, environment });
    try {
      const measured = await passBesideWriter(server);
      await delay(4000); // the write-ahead log is emptied after 2 s without writes
      const deleted = count - KEPT_RUNS;
      const { alone, beside, seconds, durationSeconds } = measured;
      return [
        {
          what: `runs deleted of ${count}, with log, events and files`,
          value: deleted / durationSeconds,
          unit: '/s',
        },
        { what: '  the whole pass, with returned pages', value: seconds, unit: 's' },
        ...figures('write without a pass', alone),
        ...figures('write beside the pass', beside, '≤ 20'),
        { what: 'database before', value: before / 1e6, unit: 'MB' },
        { what: 'database after', value: sizeOf(place.databaseFile) / 1e6, unit: 'MB' },
      ];
    } finally {
      await server.stop();
    }
  } finally {
    place.remove();
  }
}

function figures(what, latencies, aim) {
  return [
    { what: `${what}, p50 of ${latencies.length}`, value: percentile(latencies, 0.5), unit: 'ms' },
    { what: '  p99', value: percentile(latencies, 0.99), unit: 'ms', aim },
    { what: '  longest', value: Math.max(...latencies), unit: 'ms' },
  ];
}

/** Pins and unpins a run until the pass has ended: each is a commit. */
async function passBesideWriter(server) {
  const run = await server.post('/api/projects/other/runs', {});
  const [alone, beside] = [[], []];
  const startedMs = performance.now();
  let isPinned = false;
  let passStartedMs = null;
  for (let n = 0; ; n++) {
    const before = performance.now();
    const response = await fetch(`http://127.0.0.1:${server.port}/api/runs/${run.runId}/pin`, {
      method: isPinned ? 'DELETE' : 'PUT',
    });
    await response.arrayBuffer();
    isPinned = !isPinned;
    const isBaseline = before - startedMs < (BASELINE_SECONDS - 1) * 1000;
    if (!isBaseline && passStartedMs === null) passStartedMs = before;
    (isBaseline ? alone : beside).push(performance.now() - before);
    if (n % 100 === 99) {
      const { dependencies } = await server.get('/api/health');
      if (/deleted by the last pass|could not/.test(dependencies.retention.message)) {
        const metrics = await (await fetch(`http://127.0.0.1:${server.port}/api/metrics`)).text();
        const seconds = (performance.now() - passStartedMs) / 1000;
        const durationSeconds = Number(/jobato_retention_pass_duration_seconds ([\d.]+)/.exec(metrics)[1]);
        return { alone, beside, seconds, durationSeconds };
      }
    }
    await delay(5);
  }
}

function seed({ databaseFile, folder }, count) {
  const database = new BetterSqlite3(databaseFile);
  database.pragma('synchronous = OFF');
  const run = database.prepare(
    `INSERT INTO runs (run_id, project_id, scope, status, triggered_by, params, definition_hash, executor, attempt,
       max_attempts, worker_id, claimed_at, started_at, stop_grace_seconds, claim_timeout_seconds, ended_at, progress,
       steps, metrics, artifacts, revision, number)
     VALUES (@runId, 'old', 'full', @status, 'schedule', '{}', @hash, 'external', 1, 1, 'worker', @at, @at, 30, 0, @at,
       '{"step":null,"current":null,"total":null,"message":null}', '[]', '{"newJobsCount":12}',
       '[{"name":"report.txt","size":2000}]', 5, @number)`,
  );
  const end = database.prepare(
    "INSERT INTO log_ends (run_id, last_seq, bytes, limit_reached, seen_numbers, step_starts) VALUES (?, 80, ?, 0, '{}', '[]')",
  );
  const chunk = database.prepare(
    'INSERT INTO log_chunks (run_id, last_seq, first_seq, lines) VALUES (?, 80, 1, ?)',
  );
  const event = database.prepare(
    `INSERT INTO applied_events (event_id, event_type, occurred_at, applied_at, run_id, payload, outcome)
     VALUES (lower(hex(randomblob(16))), 'run.progress', @at, @at, @runId, '{"current":3,"total":10}', 'applied')`,
  );
  const counts = database.prepare(
    'INSERT INTO run_event_counts (run_id, listed, listed_bytes, signs_of_life, unlisted) VALUES (?, 5, 100, 0, 0)',
  );
  const hash = 'f'.repeat(64);
  database.prepare('INSERT INTO definitions (definition_hash, definition) VALUES (?, ?)').run(hash, '{}');
  const firstMs = Date.now() - count * 60_000 - 86_400_000;
  const all = database.transaction((from, to) => {
    for (let index = from; index < to; index++) {
      const startMs = firstMs + index * 60_000;
      const runId = idOf(startMs, index);
      const at = new Date(startMs).toISOString();
      run.run({ runId, at, hash, status: index % 7 === 0 ? 'failed' : 'completed', number: index + 1 });
      end.run(runId, LOG_TEXT.length);
      chunk.run(runId, LOG_TEXT);
      for (let n = 0; n < EVENTS_PER_RUN; n++) event.run({ runId, at });
      counts.run(runId);
      if (index % RUNS_PER_FOLDER !== 0) continue;
      const runFolder = join(folder, 'data', 'runs', runId);
      mkdirSync(runFolder, { recursive: true });
      writeFileSync(join(runFolder, 'report.txt'), 'x'.repeat(2000));
    }
  });
  for (let from = 0; from < count; from += 10_000) all(from, Math.min(count, from + 10_000));
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

function sizeOf(databaseFile) {
  return ['', '-wal'].reduce(
    (sum, suffix) => sum + (statSync(databaseFile + suffix, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** Returns a UUID of version 7: its first 48 bits are the time. */
function idOf(ms, index) {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${index.toString(16).padStart(12, '0')}`;
}
