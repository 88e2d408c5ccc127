import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { toInstant } from '../../src/clock/clock';
import { EventConsumer } from '../../src/intake/event-consumer';
import { ProjectCatalogue } from '../../src/projects/project-catalogue';
import { RunHistoryRepository } from '../../src/history/run-history.repository';
import { RunRepository } from '../../src/runs/run.repository';
import { RunsService } from '../../src/runs/runs.service';
import { DueRuns } from '../../src/schedules/due-runs';
import { PauseRepository } from '../../src/schedules/pause.repository';
import { Pauses } from '../../src/schedules/pauses';
import { ScheduleBook } from '../../src/schedules/schedule-book';
import { ScheduleMetrics } from '../../src/schedules/schedule.metrics';
import { ScheduleRepository } from '../../src/schedules/schedule.repository';
import { Scheduler } from '../../src/schedules/scheduler';
import type { ScheduleRecord } from '../../src/schedules/schedule-record';
import { dueTimesOfWalk, walkClock } from '../support/clock-walk';
import { FakeClock } from '../support/fake-clock';
import { tell } from '../support/crash';
import { makeFolders, nodeStep, RunningApp, ServerProcess } from '../support/jobato';
import { SeededRandom } from '../support/random';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FROM = '2026-01-01T00:00:00Z';
/** The clock may be set back before `FROM`, and what is due after that is due again. */
const EARLIEST = '2025-12-31T00:00:00Z';
const UNTIL = '2028-01-01T00:00:00Z';
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'];
const EXPRESSIONS = [
  '0 0 * * *',
  '0 0 * * 0',
  '0 0 1 * *',
  '30 2 * * *',
  '0 2 * * *',
  '59 1 * * *',
  '0 3 * * SUN',
  '15 2 * * MON-FRI',
  '0 9,17 * * 1-5',
  '0 */6 * * *',
  '0 0 L * *',
  '0 12 29 2 *',
  '0 0 1-7 * MON',
  '30 1 1 */3 *',
  '*/30 2 * * 0',
  '0 22 * * *',
  '5 0 31 * *',
  '0 4 1,15 * *',
  '45 23 * * FRI',
  '0 0 1 1 *',
];
/** Starts after the end, if the simulated clock went beyond it before it was set back. */
const MAX_AFTER_END = 20;
const SEED = Number(process.env.SCHEDULE_SEED ?? Date.now() % 1_000_000);

async function allRecords(schedules: ScheduleRepository, projectId: string): Promise<ScheduleRecord[]> {
  const found: ScheduleRecord[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await schedules.list(projectId, { limit: 500, ...(cursor !== undefined && { cursor }) });
    found.push(...page.items);
    cursor = page.nextCursor;
  }
  return found;
}

/** Records of one due time must be expected, and those that stand for several must cover all the others. */
function expectOneRecordEach(found: ScheduleRecord[], expected: string[]): void {
  const single = found.flatMap(({ dueAt, until }) => (until === null ? dueAt : []));
  const left = new Set(expected);
  expect(single.filter((dueAt) => !left.delete(dueAt))).toEqual([]);
  const spans = found.filter(({ until }) => until !== null);
  expect(spans.reduce((sum, { count }) => sum + count, 0)).toBe(left.size);
  const isCovered = (dueAt: string) => spans.some((span) => span.dueAt <= dueAt && dueAt <= span.until!);
  expect([...left].filter((dueAt) => !isCovered(dueAt))).toEqual([]);
}

describe('schedules over two simulated years', () => {
  let jobato: RunningApp;
  const ids = ZONES.flatMap((zone, z) => EXPRESSIONS.map((cron, e) => ({ id: `p${z}-${e}`, zone, cron })));
  beforeAll(async () => {
    const file = ({ id, zone, cron }: (typeof ids)[0], index: number) =>
      `id: ${id}\nexecutor: external\n` +
      `schedule: { cron: '${cron}', timeZone: ${zone}, catchUp: ${index % 2 === 0} }\n`;
    jobato = await RunningApp.start(Object.fromEntries(ids.map((one, index) => [one.id, file(one, index)])), {
      WORKER: 'off',
    });
    await jobato.app.get(Scheduler).onModuleDestroy();
  });
  afterAll(() => jobato.stop());

  it('record each due time once, through restarts, sleep, pauses and changes of the clock', async () => {
    tell(`SCHEDULE_SEED=${SEED}`);
    const random = new SeededRandom(SEED);
    const { app } = jobato;
    const [runs, history] = [app.get(RunRepository), app.get(RunHistoryRepository)];
    const service = app.get(RunsService);
    const [repository, projects] = [app.get(ScheduleRepository), app.get(ProjectCatalogue)];
    const clock = new FakeClock(Date.parse(FROM));
    const begin = async () => {
      const pauses = new Pauses(app.get(PauseRepository), projects, clock);
      await pauses.onModuleInit();
      const book = new ScheduleBook(repository, projects);
      const dueRuns = new DueRuns(service, book, repository, pauses, app.get(ScheduleMetrics), clock);
      const scheduler = new Scheduler(book, dueRuns, pauses, repository, app.get(EventConsumer), clock);
      const look = async () => {
        await scheduler.look();
        await scheduler.settled();
      };
      await look();
      return { book, pauses, look };
    };
    const stop = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'test' } as const;
    const endAll = async () =>
      Promise.all((await runs.allActive()).map(({ runId }) => service.command(runId, stop)));
    let now = await begin();
    const endMs = Date.parse(UNTIL) - 1;
    let earliestMs = clock.nowMs();
    while (clock.nowMs() < endMs) {
      const chance = random.next();
      const nextMs = Math.min(...now.book.all().map(({ nextMs }) => nextMs));
      clock.pass(Math.min(endMs, nextMs) - clock.nowMs());
      if (chance < 0.2) clock.pass(Math.floor(random.next() * 3 * DAY_MS));
      else if (chance < 0.22) clock.jump(-Math.floor(random.next() * 5 * HOUR_MS));
      else if (chance < 0.24) clock.jump(Math.floor(random.next() * 5 * HOUR_MS));
      else if (chance < 0.25) await now.pauses.pause(null, {}, 'test');
      else if (chance < 0.28) await now.pauses.resume(null);
      else if (chance < 0.32) await endAll();
      earliestMs = Math.min(earliestMs, clock.nowMs());
      if (chance > 0.98) now = await begin();
      await now.look();
    }
    clock.jump(endMs - clock.nowMs());
    await now.look();

    for (const { id, zone, cron } of ids) {
      const until = toInstant(endMs);
      const found = (await allRecords(repository, id)).filter(({ dueAt }) => dueAt <= until);
      const expected = dueTimesOfWalk(walkClock(zone, EARLIEST, UNTIL), cron)
        .filter((ms) => ms > earliestMs)
        .map(toInstant);
      expectOneRecordEach(found, expected);
      const started = found.flatMap(({ runId }) => runId ?? []);
      expect(new Set(started).size).toBe(started.length);
      const { items } = await history.page({ projectId: id }, 2000, null);
      expect(items.map(({ runId }) => runId)).toEqual(expect.arrayContaining(started));
      expect(items.length - started.length).toBeLessThanOrEqual(MAX_AFTER_END);
    }
  });
});

describe('schedules of a server that is killed', () => {
  const PROJECTS = Array.from({ length: 20 }, (_, index) => `p${index}`);
  const file = (id: string, index: number) =>
    nodeStep(id, '0', `schedule: { cron: '*/${1 + (index % 3)} * * * * *', catchUp: ${index % 2 === 0} }\n`);

  it('record each due time once, and start no run without a record', async () => {
    tell(`SCHEDULE_SEED=${SEED}`);
    const random = new SeededRandom(SEED);
    const folders = makeFolders(Object.fromEntries(PROJECTS.map((id, index) => [id, file(id, index)])));
    try {
      for (let life = 0; life < 12; life++) {
        const server = await ServerProcess.start(folders, { WORKER: 'off' });
        if (life === 3)
          await expect(ServerProcess.start(folders)).rejects.toThrow(/Another Jobato server is using/);
        await pause(random.next() * 3000); // the moment of the crash is random
        await server.end('SIGKILL');
      }
      const jobato = await RunningApp.start(folders, { WORKER: 'off' });
      try {
        const [repository, runs] = [jobato.app.get(ScheduleRepository), jobato.app.get(RunHistoryRepository)];
        for (const [index, id] of PROJECTS.entries()) {
          const found = (await allRecords(repository, id)).reverse();
          const times = found.map(({ dueAt }) => Date.parse(dueAt));
          const everyMs = 1000 * (1 + (index % 3));
          const expected = new Set<number>();
          for (let ms = times[0]!; ms <= times.at(-1)!; ms += 1000)
            if (new Date(ms).getUTCSeconds() % (everyMs / 1000) === 0) expected.add(ms);
          expect(new Set(times)).toEqual(expected);
          expect(times).toHaveLength(expected.size);
          const { items } = await runs.page({ projectId: id }, 200, null);
          expect(found.flatMap(({ runId }) => runId ?? []).sort()).toEqual(
            items.map(({ runId }) => runId).sort(),
          );
        }
      } finally {
        await jobato.stop();
      }
    } finally {
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});
