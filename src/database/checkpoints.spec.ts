import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { until } from '../../test/support/until';
import { Checkpoints } from './checkpoints';
import { Database } from './database';
import type { WriteCommand } from './writer';

const MEBIBYTE = 1024 * 1024;
const insert: WriteCommand<string, void> = async (tx, texts) => {
  await tx.query('CREATE TABLE IF NOT EXISTS texts (text text)');
  await tx.each(
    'INSERT INTO texts VALUES (?)',
    texts.map((text) => [text]),
  );
  return texts.map(() => undefined);
};

let folder: string;
let file: string;
let database: Database;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobato-wal-'));
  file = join(folder, 'db', 'jobato.db');
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  database = await Database.open(file, []);
});
afterEach(async () => {
  await database.close();
  jest.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const walBytes = () => statSync(`${file}-wal`).size;
const burst = async (megabytes: number) => {
  for (let written = 0; written < megabytes; written++) await database.write(insert, 'x'.repeat(MEBIBYTE));
};

it('truncates a large WAL after a pause in writes', async () => {
  await burst(8);
  expect(walBytes()).toBeGreaterThan(8 * MEBIBYTE);
  await jest.advanceTimersByTimeAsync(1500);
  await burst(1);
  await jest.advanceTimersByTimeAsync(1500);
  expect(walBytes()).toBeGreaterThan(8 * MEBIBYTE);
  await jest.advanceTimersByTimeAsync(1000);
  expect(walBytes()).toBe(0);
  const [row] = await database.read.query<{ count: number }>('SELECT COUNT(*) AS count FROM texts');
  expect(row!.count).toBe(9);
});

it('waits for a reader in another process, and does not truncate a small WAL', async () => {
  const other = new BetterSqlite3(file);
  await burst(1);
  other.exec('BEGIN');
  other.prepare('SELECT COUNT(*) FROM texts').get();
  await burst(8);
  await jest.advanceTimersByTimeAsync(2500);
  expect(walBytes()).toBeGreaterThan(8 * MEBIBYTE);
  other.exec('COMMIT');
  other.close();
  await jest.advanceTimersByTimeAsync(2500);
  expect(walBytes()).toBe(0);

  await burst(1);
  const small = walBytes();
  await jest.advanceTimersByTimeAsync(10_000);
  expect(walBytes()).toBe(small);
});

it('copies a log that is long, before a commit has to', async () => {
  jest.useRealTimers();
  const copied = async () => {
    const [state] = await database.read.query<{ checkpointed: number }>('PRAGMA wal_checkpoint(NOOP)');
    return state!.checkpointed;
  };
  await burst(1);
  expect(await copied()).toBe(0);
  await burst(8); // less than a commit would copy
  await until(async () => {
    await burst(1);
    return (await copied()) > 0;
  });
  expect(walBytes()).toBeLessThan(30 * MEBIBYTE);
});

it('leaves the log to commits while no thread can be started, and tries again after a minute', async () => {
  const started: string[] = [];
  const connection = { query: async <Row>() => [{ log: 5000, checkpointed: 0 }] as Row[] };
  const place = { path: file, walBytes: () => 0, isInPlace: () => true };
  const checkpoints = new Checkpoints(connection, place, () => {
    started.push('tried');
    throw new Error('ERR_WORKER_INIT_FAILED');
  });
  for (const waitMs of [0, 30_000, 31_000]) {
    await jest.advanceTimersByTimeAsync(waitMs);
    checkpoints.onGroupDone();
    await jest.advanceTimersByTimeAsync(0);
  }
  expect(started).toHaveLength(2);
  await checkpoints.stop();
});

it('limits the WAL even if writes never pause', async () => {
  const other = new BetterSqlite3(file);
  await burst(1);
  other.exec('BEGIN');
  other.prepare('SELECT COUNT(*) FROM texts').get();
  await burst(60);
  expect(walBytes()).toBeGreaterThan(50 * MEBIBYTE);
  other.exec('COMMIT');
  other.close();
  await burst(2);
  expect(walBytes()).toBeLessThan(33 * MEBIBYTE);
});
