import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '../src/app.module'; // all modules contribute their entities
import { toInstant } from '../src/clock/clock';
import { Database } from '../src/database/database';
import { contributedEntities } from '../src/database/database.module';
import type { Run } from '../src/runs/run';
import { RunHistoryRepository } from '../src/history/run-history.repository';
import { RunIds } from '../src/runs/run-id';
import { RunRepository } from '../src/runs/run.repository';
import { RunEntity } from '../src/runs/run.entity';
import { aNewRun } from './support/a-run';
import { FakeClock } from './support/fake-clock';

const NOON_MS = Date.parse('2026-03-01T12:00:00.000Z');
const MINUTE_MS = 60_000;
/** Starts of runs in minutes after noon: in the middle, the clock is set back by two hours and catches up. */
const STARTS = [0, 1, 2, -118, -117, -60, 1, 2, 3, 4];

describe('runs started while the clock is behind the newest ID', () => {
  let folder: string;
  let database: Database;
  let runs: Run[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jobato-starts-'));
    database = await Database.open(join(folder, 'jobato.db'), contributedEntities());
    const clock = new FakeClock(NOON_MS);
    const ids = new RunIds(clock, null);
    runs = STARTS.map((minute, index): Run => {
      clock.jump(NOON_MS + minute * MINUTE_MS - clock.nowMs());
      const { runId, startedAtMs, idIsAhead } = ids.next();
      const startedAt = toInstant(startedAtMs);
      return {
        ...aNewRun(),
        runId,
        number: index + 1,
        idIsAhead,
        status: 'completed',
        startedAt,
        endedAt: startedAt,
      };
    });
    const rows = database.rows(RunEntity);
    await database.write(async (tx, inputs: Run[][]) => {
      for (const input of inputs) await rows.insert(tx, input);
      return inputs;
    }, runs);
  });
  afterAll(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    [undefined, undefined],
    [-120, -100],
    [-120, -60],
    [-60, 0],
    [0, 1],
    [2, 2],
    [2, undefined],
    [3, 4],
    [undefined, -1],
    [undefined, 2],
    [5, 9],
  ])('are found by start time from minute %p to %p', async (from, to) => {
    const filter = {
      projectId: 'demo',
      ...(from !== undefined && { fromMs: NOON_MS + from * MINUTE_MS }),
      ...(to !== undefined && { toMs: NOON_MS + to * MINUTE_MS }),
    };
    const expected = runs
      .filter((_, index) => STARTS[index]! >= (from ?? -Infinity) && STARTS[index]! <= (to ?? Infinity))
      .map(({ runId }) => runId)
      .reverse();
    const history = new RunHistoryRepository(database, new RunRepository(database, null!, null!, null!));
    expect((await history.page(filter, 50, null)).items.map(({ runId }) => runId)).toEqual(expected);
    expect((await history.counts(filter)).completed.count).toBe(expected.length);
  });
});
