import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '../src/app.module'; // all modules contribute their entities
import { toInstant } from '../src/clock/clock';
import { Database } from '../src/database/database';
import { contributedEntities } from '../src/database/database.module';
import { ScheduleRepository } from '../src/schedules/schedule.repository';

const START_MS = Date.parse('2026-03-01T00:00:00.000Z');
const at = (minute: number) => toInstant(START_MS + minute * 60_000);
const minuteOf = (instant: string) => (Date.parse(instant) - START_MS) / 60_000;
const KEY = { projectId: 'demo', schedule: 'night' };

describe('records of due times', () => {
  let folder: string;
  let database: Database;
  let schedules: ScheduleRepository;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jobato-schedules-'));
    database = await Database.open(join(folder, 'jobato.db'), contributedEntities());
    schedules = new ScheduleRepository(database);
    const record = (minute: number, outcome: 'refused' | 'started', key = KEY) =>
      schedules.recordRefusal({
        ...key,
        ...{ dueMs: START_MS + minute * 60_000, outcome, recordedAt: at(minute) },
        ...(outcome === 'started' && { runId: `run-${minute}` }),
      });
    const minutes = Array.from({ length: 60 }, (_, minute) => minute);
    await Promise.all([
      ...minutes.map((minute) => record(minute, minute % 10 === 0 ? 'refused' : 'started')),
      record(20, 'refused', { ...KEY, schedule: 'other' }),
      record(25, 'refused', { ...KEY, projectId: 'another' }),
    ]);
  });
  afterAll(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('without a run are found by time, newest first', async () => {
    const found = async (from: number | null, before: number | null, limit = 9) => {
      const range = { from: from === null ? null : at(from), before: before === null ? null : at(before) };
      const records = await schedules.notStarted('demo', range, limit);
      return records.map(({ dueAt, schedule }) => [minuteOf(dueAt), schedule]);
    };
    expect(await found(20, 40)).toEqual([
      [30, 'night'],
      [20, 'other'],
      [20, 'night'],
    ]);
    expect(await found(40, null)).toEqual([
      [50, 'night'],
      [40, 'night'],
    ]);
    expect(await found(null, 10)).toEqual([[0, 'night']]);
    expect(await found(null, null, 2)).toHaveLength(2);
    expect(await found(40, 20)).toEqual([]);
  });

  it('are found through indexes without those of starts, and by their run', async () => {
    const plans: string[] = [];
    const { read } = database;
    const query = async (sql: string, parameters?: unknown[]) => {
      const plan = await read.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, parameters);
      plans.push(plan.map(({ detail }) => detail).join('; '));
      return read.query(sql, parameters);
    };
    const watched = Object.create(database, { read: { value: { query } } }) as Database;
    const repository = new ScheduleRepository(watched);
    await repository.notStarted('demo', { from: at(0), before: at(9) }, 9);
    await repository.notStarted('demo', { from: null, before: null }, 9);
    expect(await repository.ofRun('run-7')).toMatchObject({ ...KEY, dueAt: at(7), outcome: 'started' });
    expect(await repository.ofRun('run-10')).toBeNull();
    for (const plan of plans.slice(0, 2))
      expect(plan).toMatch(
        /^SEARCH schedule_records USING INDEX schedule_records_not_started \(project_id=\?/,
      );
    for (const plan of plans.slice(2)) expect(plan).toMatch(/USING INDEX schedule_records_by_run/);
    for (const plan of plans) expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
  });
});
