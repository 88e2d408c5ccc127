// Measures how much a backup slows the server. Each measurement returns rows of { what, value, unit }.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { percentile, perSecond } from './figures.mjs';
import { requests } from './load.mjs';
import { fillWithRuns } from './many-runs.mjs';
import { Place, withServer } from './server-process.mjs';

const PROGRAM = fileURLToPath(new URL('../dist/cli/jobato.js', import.meta.url));
const CHUNK_BYTES = 12_000;

/** Measures triggers without and beside a backup of a database of 1 GB. */
export async function backup({ quick, profile }) {
  const place = new Place();
  try {
    const ids = place.addProjects('outside', 500, 'executor: external');
    const paths = ids.map((id) => `/api/projects/${id}/runs`);
    await withServer(place, {}, async () => undefined); // makes the database
    fill(place.databaseFile, quick ? 100_000_000 : 1_000_000_000);
    return await withServer(place, { profile }, (server) => measure(server, place, paths));
  } finally {
    place.remove();
  }
}

async function measure(server, place, paths) {
  const round = async () => {
    const measured = await requests({
      ...{ port: server.port, method: 'POST', paths, body: {}, inFlight: 10, expectedStatus: 201 },
    });
    await cancelAll(server); // frees each project for its next run; not measured
    return measured;
  };
  await round(); // warms up
  const without = [await round(), await round(), await round()];
  const target = join(place.folder, 'backup.tar');
  const beside = [];
  const durations = [];
  while (durations.length < 3) {
    const since = performance.now();
    let isRunning = true;
    const child = spawn(process.execPath, [PROGRAM, 'backup', target], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { PATH: process.env.PATH, DATA_DIR: join(place.folder, 'data') },
    });
    const ended = once(child, 'close').then(([code]) => {
      isRunning = false;
      if (code !== 0) throw new Error(`The backup ended with ${code}.`);
      durations.push(performance.now() - since);
    });
    while (isRunning) {
      const measured = await round();
      if (isRunning) beside.push(measured);
    }
    await ended;
    if (durations.length < 3) rmSync(target);
  }
  return [
    { what: 'backup beside triggers', value: percentile(durations, 0.5) / 1000, unit: 's' },
    { what: '  its size', value: statSync(target).size / 1e6, unit: 'MB' },
    ...triggers('without a backup', without),
    ...triggers('beside a backup', beside),
  ];
}

function triggers(when, measured) {
  const latencies = measured.flatMap((each) => each.latencies);
  const count = measured.reduce((sum, each) => sum + each.count, 0);
  const ms = measured.reduce((sum, each) => sum + each.ms, 0);
  return [
    { what: `triggers, 10 in flight, ${when}`, value: perSecond(count, ms), unit: '/s' },
    ...[0.5, 0.99, 1].map((part) => ({
      what: `  answered after, ${part === 1 ? 'the slowest' : `p${part * 100}`}`,
      value: percentile(latencies, part),
      unit: 'ms',
    })),
  ];
}

async function cancelAll(server) {
  for (;;) {
    const { items } = await server.get('/api/runs?status=running&limit=200');
    if (items.length === 0) return;
    const paths = items.map(({ runId }) => `/api/runs/${runId}`);
    await requests({ port: server.port, method: 'DELETE', paths, inFlight: 20, expectedStatus: 202 });
  }
}

/** Most of a database are log lines. */
function fill(file, bytes) {
  fillWithRuns(file, Math.round(bytes / 20_000));
  const database = new BetterSqlite3(file);
  database.pragma('synchronous = OFF');
  const insert = database.prepare(
    'INSERT INTO log_chunks (run_id, last_seq, first_seq, lines) VALUES (?, ?, ?, ?)',
  );
  const lines = JSON.stringify('a line of a log '.repeat(CHUNK_BYTES / 16));
  database.transaction(() => {
    for (let index = 0; index < bytes / CHUNK_BYTES; index++)
      insert.run(`filled-${index % 5000}`, index * 100 + 100, index * 100 + 1, lines);
  })();
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}
