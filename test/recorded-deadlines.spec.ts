import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Clock } from '../src/clock/clock';
import type { RecordedDeadlines } from '../src/workers/run-deadlines';
import { RunningApp } from './support/jobato';
import { TurnedClock } from './support/turned-clock';
import { externalProject } from './support/worker-api';

const HOUR_MS = 3_600_000;

describe('record of deadlines', () => {
  let jobato: RunningApp;
  let clock: TurnedClock;
  let database: BetterSqlite3.Database;
  beforeEach(async () => {
    jobato = await RunningApp.start(
      Object.fromEntries(['a', 'b', 'c'].map((id) => [id, externalProject(id)])),
      { WORKER: 'off' },
    );
    database = new BetterSqlite3(join(jobato.folders.dataDir, 'db', 'jobato.db'));
    clock = new TurnedClock(jobato);
    // The machine may have no boot id.
    Object.assign(jobato.app.get(Clock), { bootId: 'this boot' });
  });
  afterEach(async () => {
    database.close();
    await jobato.stop();
  });

  /** Returns the stored record. The record is committed before the run that this triggers. */
  async function recordAfter(projectId: string): Promise<RecordedDeadlines> {
    await jobato.trigger(projectId);
    const row = database.prepare('SELECT record FROM recorded_deadlines').get() as { record: string };
    return JSON.parse(row.record) as RecordedDeadlines;
  }

  it('is written when the clock was set, with all active runs, and not again', async () => {
    const { runId } = await jobato.trigger('a');
    await clock.pass(1);
    clock.nowMs += HOUR_MS;
    await clock.pass(1);
    const record = await recordAfter('b');
    expect(record).toMatchObject({ bootId: 'this boot', runs: [[runId, expect.anything()]] });
    await clock.pass(60);
    expect(await recordAfter('c')).toEqual(record);
  });

  it('is written later if it could not be written, and no run or look fails', async () => {
    await clock.pass(1);
    database.exec('ALTER TABLE recorded_deadlines RENAME TO elsewhere');
    clock.nowMs += HOUR_MS;
    await clock.pass(1);
    const { runId } = await jobato.trigger('a');
    database.exec('ALTER TABLE elsewhere RENAME TO recorded_deadlines');
    await clock.pass(1);
    const { runs } = await recordAfter('b');
    expect(runs.map(([id]) => id)).toEqual([runId]);
  });
});
