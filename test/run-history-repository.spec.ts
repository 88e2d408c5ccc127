import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aNewRun } from './support/a-run';
import '../src/app.module'; // all modules contribute their entities
import { toInstant } from '../src/clock/clock';
import { Database } from '../src/database/database';
import { contributedEntities } from '../src/database/database.module';
import type { Run, RunStatus } from '../src/runs/run';
import type { HistoryFilter } from '../src/history/history-filter';
import { type HistoryPlace, RunHistoryRepository } from '../src/history/run-history.repository';
import { RunRepository } from '../src/runs/run.repository';
import { lowestRunIdAt } from '../src/runs/run-id';
import { RunEntity, RunNumberEntity } from '../src/runs/run.entity';

const START_MS = Date.parse('2026-03-01T00:00:00.000Z');
const MINUTE_MS = 60_000;
/** One run per minute; enough to reach every limit of searching and counting. */
const RUNS = 11_000;
const idOf = (minute: number) => lowestRunIdAt(START_MS + minute * MINUTE_MS);
const timeOf = (runId: string) => Number.parseInt(runId.slice(0, 8) + runId.slice(9, 13), 16);
const minuteOf = (runId: string) => (timeOf(runId) - START_MS) / MINUTE_MS;

/** Every tenth run failed, every hundredth was started by schedule, and two have another scope. */
function runAt(minute: number): Run {
  const status: RunStatus = minute % 10 === 0 ? 'failed' : 'completed';
  return {
    ...aNewRun(),
    runId: idOf(minute),
    number: minute + 1,
    status,
    scope: minute === 3 || minute === 9_000 ? 'only:report' : 'full',
    triggeredBy: minute % 100 === 0 ? 'schedule' : 'manual',
    startedAt: toInstant(START_MS + minute * MINUTE_MS),
    endedAt: toInstant(START_MS + minute * MINUTE_MS + 1000),
    params: { label: minute === 10_500 ? 'Größe "50%"' : 'all' },
    error:
      status === 'failed' && minute < 500 ? { code: 'NETWORK_ERROR', message: 'It was long ago.' } : null,
  };
}

describe('RunHistoryRepository', () => {
  let folder: string;
  let database: Database;
  let history: RunHistoryRepository;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jobato-history-'));
    database = await Database.open(join(folder, 'jobato.db'), contributedEntities());
    history = new RunHistoryRepository(database, new RunRepository(database, null!, null!, null!));
    const rows = database.rows(RunEntity);
    const runs = Array.from({ length: RUNS }, (_, minute) => runAt(minute));
    const other = { ...runAt(0), runId: idOf(RUNS), projectId: 'other', scope: 'only:report' };
    await database.write(
      async (tx, inputs: Run[][]) => {
        for (const input of inputs) await rows.insert(tx, input);
        await database.rows(RunNumberEntity).insert(tx, [{ projectId: 'demo', lastNumber: RUNS }]);
        return inputs;
      },
      [...runs, other],
    );
  });
  afterAll(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const page = (filter: Partial<HistoryFilter> = {}, place: HistoryPlace | null = null, limit = 3) =>
    history.page({ projectId: 'demo', ...filter }, limit, place);
  const minutes = async (...given: Parameters<typeof page>) =>
    (await page(...given)).items.map(({ runId }) => minuteOf(runId));
  const older = (runId: string | null): HistoryPlace => ({ direction: 'older', runId: runId! });
  const newer = (runId: string | null): HistoryPlace => ({ direction: 'newer', runId: runId! });

  it('pages in both directions and returns to the first page', async () => {
    const first = await page({ status: 'failed' });
    expect(first.items.map(({ runId }) => minuteOf(runId))).toEqual([10_990, 10_980, 10_970]);
    expect(first.newerThan).toBeNull();
    const second = await page({ status: 'failed' }, older(first.olderThan));
    expect(second.items.map(({ runId }) => minuteOf(runId))).toEqual([10_960, 10_950, 10_940]);
    const third = await page({ status: 'failed' }, older(second.olderThan));
    const back = await page({ status: 'failed' }, newer(third.newerThan));
    expect(back.items).toEqual(second.items);
    expect([first, second, back].map(({ above }) => above)).toEqual([null, idOf(10_970), idOf(10_970)]);
    expect(await page({ status: 'failed' }, newer(back.newerThan))).toEqual(first);
  });

  it('returns recent comparable runs with only their durations', async () => {
    const alike = (minute: number, scope: string, limit = 9) =>
      history.alike({ projectId: 'demo', runId: idOf(minute), scope }, limit);
    const like = async (...given: Parameters<typeof alike>) =>
      (await alike(...given)).map(({ runId }) => minuteOf(runId));
    expect(await like(12, 'full')).toEqual([11, 9, 8, 7, 6, 5, 4, 2, 1]);
    expect(await like(12, 'full', 2)).toEqual([11, 9]);
    expect(await like(4, 'only:report')).toEqual([3]);
    // Runs from that long ago are not comparable.
    expect(await like(9_000, 'only:report')).toEqual([]);
    const { runId, startedAt, endedAt, steps } = runAt(3);
    expect(await alike(4, 'only:report')).toEqual([{ runId, startedAt, endedAt, steps }]);
  });

  it('fills the newest page when fewer runs are newer', async () =>
    expect(await minutes({}, newer(idOf(RUNS - 2)))).toEqual([RUNS - 1, RUNS - 2, RUNS - 3]));

  it('ends with the first run', async () => {
    const last = await page({}, older(idOf(2)));
    expect(last.items.map(({ runId }) => minuteOf(runId))).toEqual([1, 0]);
    expect(last).toMatchObject({ olderThan: null, searchedBackTo: null });
  });

  it('filters by scope, trigger and time within the project', async () => {
    expect(await minutes({ scope: 'only:report' })).toEqual([9_000, 3]);
    expect(await minutes({ triggeredBy: 'schedule', status: 'failed' })).toEqual([10_900, 10_800, 10_700]);
    const between = { fromMs: START_MS + 5 * MINUTE_MS, toMs: START_MS + 7 * MINUTE_MS };
    expect(await minutes(between)).toEqual([7, 6, 5]);
    expect(await minutes(between, older(idOf(6)))).toEqual([5]);
  });

  it.each<[string, string]>([
    ['a word of the params, in any case', 'GRÖßE'],
    ['a quotation mark and a per cent sign', '"50%"'],
    ['the start of its id', idOf(10_500).slice(0, 13)],
  ])('finds a run by %s', async (_what, text) => expect(await minutes({ text })).toEqual([10_500]));

  it('lists and pages the runs of all projects', async () => {
    const all = { projectId: undefined };
    const first = await page(all);
    expect(first.items.map(({ projectId, runId }) => [projectId, minuteOf(runId)])).toEqual([
      ['other', RUNS],
      ['demo', RUNS - 1],
      ['demo', RUNS - 2],
    ]);
    expect(await minutes(all, older(first.olderThan))).toEqual([RUNS - 3, RUNS - 4, RUNS - 5]);
    expect(await page(all, newer(idOf(RUNS - 2)))).toEqual(first);
    expect(await minutes({ ...all, status: 'failed' })).toEqual([RUNS, 10_990, 10_980]);
    expect(await minutes({ ...all, scope: 'only:report' })).toEqual([RUNS, 9_000, 3]);
    expect(await minutes({ ...all, triggeredBy: 'schedule', scope: 'full' })).toEqual([
      10_900, 10_800, 10_700,
    ]);
    expect(await minutes({ ...all, statuses: ['failed', 'partial'] })).toEqual([RUNS, 10_990, 10_980]);
    expect(await minutes({ statuses: ['running', 'cancelled'] })).toEqual([]);
    expect(await minutes({ ...all, idPart: idOf(10_500).slice(4, 14) })).toEqual([10_500]);
  });

  it('finds a number and an id of any age without a search', async () => {
    for (const text of ['#4', idOf(3), idOf(3).toUpperCase()]) {
      const found = await page({ projectId: undefined, text });
      expect(found.items.map(({ runId }) => minuteOf(runId))).toEqual([3]);
      expect(found).toMatchObject({ olderThan: null, searchedBackTo: null });
      expect((await history.counts({ projectId: 'demo', text })).completed).toEqual({
        count: 1,
        isCapped: false,
      });
    }
    expect(await minutes({ text: '#4', status: 'failed' })).toEqual([]);
    // An id of something else is a text like any other.
    expect(await minutes({ text: '00000000-0000-4000-8000-000000000000' })).toEqual([]);
  });

  it('escapes wildcards in the search text', async () => expect(await minutes({ text: '5_%' })).toEqual([]));

  it('returns how far a search has looked and continues from there', async () => {
    const found: number[] = [];
    const looked: (string | null)[] = [];
    let place: HistoryPlace | null = null;
    do {
      const { items, olderThan, searchedBackTo } = await page({ text: 'network_error' }, place, 100);
      found.push(...items.map(({ runId }) => minuteOf(runId)));
      looked.push(searchedBackTo);
      place = olderThan === null ? null : older(olderThan);
    } while (place !== null);
    expect(found).toEqual(Array.from({ length: 50 }, (_, index) => 490 - index * 10));
    expect(looked.map((at) => at !== null)).toEqual([true, true, false]);
    expect(looked.slice(0, 2)).toEqual([toInstant(timeOf(idOf(6_000))), toInstant(timeOf(idOf(1_000)))]);
  });

  it('counts by status, exactly if that is fast', async () => {
    const counts = await history.counts({ projectId: 'demo' });
    expect(counts).toMatchObject({
      running: { count: 0, isCapped: false },
      completed: { count: 9_900, isCapped: false },
      failed: { count: 1_100, isCapped: false },
    });
    expect((await history.counts({ projectId: 'demo', scope: 'only:report' })).completed).toEqual({
      count: 1,
      isCapped: false,
    });
    expect((await history.counts({ projectId: 'demo', text: 'all' })).completed).toEqual({
      count: 2_000,
      isCapped: true,
    });
  });

  /** Returns the database with a recorder of its query plans. */
  function watchedPlans(): { watched: Database; plans: string[] } {
    const plans: string[] = [];
    const { read } = database;
    const watched = {
      ...database,
      read: {
        query: (sql: string, parameters?: unknown[]) => {
          return read
            .query<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, parameters)
            .then((rows) => plans.push(rows.map(({ detail }) => detail).join('; ')))
            .then(() => read.query(sql, parameters));
        },
      },
      rows: database.rows.bind(database),
      command: database.command.bind(database),
    } as unknown as Database;
    return { watched, plans };
  }

  it('finds comparable runs through the index of their project', async () => {
    const { watched, plans } = watchedPlans();
    const all = new RunHistoryRepository(watched, new RunRepository(watched, null!, null!, null!));
    const filter = { projectId: 'demo', scope: 'only:report' };
    const at = older(idOf(8_000));
    const { items, olderThan } = await all.page({ ...filter, status: 'completed' }, 1, at);
    expect([items.map(({ runId }) => minuteOf(runId)), olderThan]).toEqual([[3], null]);
    await all.page({ ...filter, triggeredBy: 'manual' }, 1, at);
    const ofIds = /^SEARCH runs USING INDEX sqlite_autoindex_runs_1 \(run_id=\?\)$/;
    const searches = plans.filter((plan) => !ofIds.test(plan));
    expect(searches).toHaveLength(4);
    for (const plan of searches) expect(plan).toMatch(/USING COVERING INDEX runs_of_project/);
  });

  it('lists the runs of all projects through indexes, without sorting', async () => {
    const { watched, plans } = watchedPlans();
    const all = new RunHistoryRepository(watched, new RunRepository(watched, null!, null!, null!));
    const filters: HistoryFilter[] = [
      {},
      { status: 'failed' },
      { triggeredBy: 'manual', status: 'completed' },
      { statuses: ['failed', 'partial'], fromMs: START_MS },
      { text: 'nowhere', status: 'failed' },
      { text: '#14' },
      { artifact: 'csv', projectId: 'demo' },
    ];
    for (const filter of filters) await all.page(filter, 3, older(idOf(500)));
    for (const plan of plans)
      expect(plan).not.toMatch(/SCAN (?!run_numbers|runs USING (COVERING )?INDEX)|TEMP B-TREE/);
  });

  it('filters through indexes alone and reads rows only for the page', async () => {
    const { watched, plans } = watchedPlans();
    const all = new RunHistoryRepository(watched, new RunRepository(watched, null!, null!, null!));
    const filter = { projectId: 'demo', scope: 'full', triggeredBy: 'manual' as const, fromMs: START_MS };
    await all.page(filter, 3, older(idOf(500)));
    await all.page({ ...filter, status: 'failed' }, 3, null);
    await all.counts(filter);
    const byId = plans.filter((plan) => plan.includes('sqlite_autoindex_runs'));
    expect(byId).toHaveLength(4); // the sizes and the rows of the pages
    const others = plans.filter((plan) => !byId.includes(plan));
    expect(others.length).toBeGreaterThan(10);
    for (const plan of others) {
      expect(plan).toMatch(/USING COVERING INDEX runs_(of_project|with_id_ahead)/);
    }
    for (const plan of plans) expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
  });
});
