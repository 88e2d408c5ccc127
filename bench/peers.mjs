// Baselines of the machine, measured in the same run: without them, a figure says more about the machine than about
// Jobato.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { perSecond } from './figures.mjs';

/** Spawns plain child processes that print "hi", and discards the output. */
export async function plainSpawns(count, inFlight) {
  let left = count;
  const latencies = [];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) {
        const spawnedAt = performance.now();
        await new Promise((resolve, reject) => {
          const child = spawn('echo', ['hi'], { stdio: ['ignore', 'pipe', 'pipe'] });
          child.stdout.resume();
          child.stderr.resume();
          child.once('error', reject).once('close', resolve);
        });
        latencies.push(performance.now() - spawnedAt);
      }
    }),
  );
  return { rate: perSecond(count, performance.now() - startedAt), latencies };
}

/** Runs one INSERT per transaction, each durable before the next, without HTTP and a second table. */
export function naiveInserts(count) {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-bench-peer-'));
  const database = new BetterSqlite3(join(folder, 'peer.db'));
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.exec('CREATE TABLE runs (run_id TEXT PRIMARY KEY, project_id TEXT, status TEXT, params TEXT)');
    const insert = database.prepare('INSERT INTO runs VALUES (?, ?, ?, ?)');
    const startedAt = performance.now();
    for (let index = 0; index < count; index++)
      insert.run(`run-${index}`, `project-${index}`, 'running', '{}');
    return perSecond(count, performance.now() - startedAt);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

/** Splits and counts the lines of a child process, and discards them. */
export async function plainLines(count) {
  const startedAt = performance.now();
  let lines = 0;
  await new Promise((resolve, reject) => {
    const child = spawn('seq', ['1', String(count)], { stdio: ['ignore', 'pipe', 'ignore'] });
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      lines += parts.length;
    });
    child.once('error', reject).once('close', resolve);
  });
  return perSecond(lines, performance.now() - startedAt);
}
