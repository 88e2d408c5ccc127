import { rmSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { type Folders, makeFolders, nodeStep, ServerProcess, writeProject } from '../support/jobato';
import {
  everySecond,
  outcomes,
  scheduleRecords,
  untilFollowed,
  untilRecords,
} from '../support/schedule-records';
import { ServerClock } from '../support/server-clock';
import { until } from '../support/until';

const HOUR_MS = 3_600_000;

describe('schedules over restarts and clock changes', () => {
  let folders: Folders;
  let clock: ServerClock;
  let server: ServerProcess;
  const start = async () => (server = await ServerProcess.start(folders, clock.environment));
  afterEach(async () => {
    await server.end('SIGKILL');
    rmSync(folders.root, { recursive: true, force: true });
  });

  async function begin(projects: Record<string, string>): Promise<void> {
    folders = makeFolders(projects);
    clock = new ServerClock(folders);
    await start();
  }

  const databaseFile = () => join(folders.dataDir, 'db', 'jobato.db');

  it('record the due times of an outage as missed, and catch up the newest if wanted', async () => {
    const minutely = (id: string, more = '') =>
      nodeStep(id, '0', `schedule: { cron: '0 * * * * *'${more} }\n`);
    await begin({ plain: minutely('plain'), eager: minutely('eager', ', catchUp: true') });
    await untilFollowed(server.url);
    const killedAt = Date.now();
    await server.end('SIGKILL');
    clock.write(5 * 60_000);
    await start();
    const plain = await untilRecords(server.url, 'plain', (all) => all.length >= 5);
    expect(outcomes(plain.filter(({ dueAt }) => Date.parse(dueAt) < killedAt + 5 * 60_000))).toEqual(
      new Set(['missed']),
    );
    const eager = await untilRecords(server.url, 'eager', (all) => outcomes(all).has('started'));
    const caughtUp = eager.findLast(({ outcome }) => outcome === 'started')!;
    expect(caughtUp.dueAt).toBe(plain.find(({ outcome }) => outcome === 'missed')!.dueAt);
    expect((await server.get(caughtUp.runId!)).triggeredBy).toBe('schedule');
    for (const found of [plain, eager]) {
      const times = found.map(({ dueAt }) => Date.parse(dueAt));
      expect(times).toEqual(times.map((_, index) => times[0]! - index * 60_000));
    }
  });

  it('go on after a clock that was wrong by years for a moment, and start nothing twice', async () => {
    await begin({ second: everySecond('second') });
    await untilRecords(server.url, 'second', (all) => all.some(({ outcome }) => outcome === 'started'));
    const before = await scheduleRecords(server.url, 'second');
    await clock.set(server, 4 * 365 * 24 * HOUR_MS);
    await untilRecords(server.url, 'second', (all) => all.some(({ dueAt }) => dueAt > '2029'));
    await clock.set(server, 0);
    const setBackAt = new Date().toISOString();
    const after = await untilRecords(server.url, 'second', (all) =>
      all.some(({ dueAt, outcome }) => outcome === 'started' && dueAt > setBackAt && dueAt < '2029'),
    );
    const known = new Set(after.map(({ dueAt }) => dueAt));
    expect(known.size).toBe(after.length);
    for (const { dueAt, runId } of before) {
      expect(after.find((record) => record.dueAt === dueAt)).toMatchObject({ runId });
    }
    const runs = after.flatMap(({ runId }) => runId ?? []);
    expect(new Set(runs).size).toBe(runs.length);
    expect(after.filter(({ dueAt, outcome }) => outcome === 'missed' && dueAt > '2029')).toEqual([]);
  });

  it('start runs at due times that passed while the clock was wrong, when these come at last', async () => {
    await begin({ second: everySecond('second') });
    await untilRecords(server.url, 'second', (all) => all.some(({ outcome }) => outcome === 'started'));
    await clock.set(server, HOUR_MS);
    const wrongAt = new Date(Date.now() + HOUR_MS).toISOString();
    // What lies between the right and the wrong time is missed.
    await untilRecords(server.url, 'second', ([newest]) => newest!.dueAt > wrongAt);
    await clock.set(server, 0);
    const setBackAt = new Date().toISOString();
    await untilRecords(server.url, 'second', (all) =>
      all.some(({ dueAt, outcome }) => outcome === 'started' && dueAt > setBackAt && dueAt < wrongAt),
    );
    await clock.set(server, HOUR_MS - 120_000);
    const comingAt = new Date(Date.now() + HOUR_MS - 120_000).toISOString();
    const found = await untilRecords(server.url, 'second', (all) =>
      all.some(({ dueAt, outcome }) => outcome === 'started' && dueAt > comingAt && dueAt < wrongAt),
    );
    const between = found.filter(({ dueAt }) => dueAt > comingAt && dueAt < wrongAt);
    expect(outcomes(between).has('missed')).toBe(false);
  });

  it('count all of many due times of a long outage, and start the next one', async () => {
    await begin({ second: everySecond('second') });
    await untilRecords(server.url, 'second', (all) => all.length > 0);
    await server.end('SIGKILL');
    const killedAt = Date.now();
    clock.write(60 * 24 * HOUR_MS);
    await start();
    const restartedAt = new Date(Date.now() + 60 * 24 * HOUR_MS).toISOString();
    const found = await untilRecords(server.url, 'second', (all) =>
      all.some(({ outcome, dueAt }) => outcome === 'started' && dueAt > restartedAt),
    );
    expect(found.length).toBe(200); // a full page: most due times are counted by one record
    const before = Math.round((Date.parse(restartedAt) - killedAt) / 1000);
    const metrics = await (await fetch(`${server.url}/api/metrics`)).text();
    const missed = Number(/^jobato_schedule_records_total\{outcome="missed"\} (\d+)/m.exec(metrics)![1]);
    expect(Math.abs(missed - before)).toBeLessThan(120);
  });

  it('record a refusal with the problem of the file, also if the file has another name', async () => {
    await begin({ 'a-file': everySecond('second') });
    await untilRecords(server.url, 'second', (all) => all.length > 0);
    await server.end('SIGKILL');
    writeProject(folders, 'a-file', 'id: second\nsteps: none\n');
    await start();
    // The API knows no project without a valid file.
    const database = new BetterSqlite3(databaseFile(), { readonly: true });
    const refused = database.prepare("SELECT reason, detail FROM schedule_records WHERE outcome = 'refused'");
    await until(() => refused.get() !== undefined);
    const expected = { reason: 'PROJECT_NOT_FOUND', detail: expect.stringContaining('a-file.yaml') };
    expect(refused.get()).toEqual(expected);
    database.close();
  });

  it('go on beside a stored schedule whose time zone is unknown to this version', async () => {
    await begin({ second: everySecond('second'), odd: everySecond('odd') });
    await untilFollowed(server.url);
    await server.end('SIGTERM');
    const database = new BetterSqlite3(databaseFile());
    database.exec("UPDATE schedules SET time_zone = 'Mars/Olympus' WHERE project_id = 'odd'");
    database.close();
    await start();
    const restartedAt = new Date().toISOString();
    for (const id of ['second', 'odd'])
      await untilRecords(server.url, id, (all) =>
        all.some(({ dueAt, outcome }) => outcome === 'started' && dueAt > restartedAt),
      );
    expect(server.output.join('\n')).toContain('in Mars/Olympus is not supported');
  });

  it('stay paused after the clock was set back, and start again on resume', async () => {
    await begin({ second: everySecond('second') });
    await untilRecords(server.url, 'second', (all) => all.some(({ outcome }) => outcome === 'started'));
    await put('pause', {});
    await clock.set(server, -HOUR_MS);
    const setBackAt = new Date(Date.now() - HOUR_MS).toISOString();
    const found = await untilRecords(server.url, 'second', (all) =>
      all.some(({ dueAt, outcome }) => outcome === 'skipped-paused' && dueAt > setBackAt && dueAt < later()),
    );
    const early = found.filter(({ dueAt }) => dueAt > setBackAt && dueAt < later());
    expect(outcomes(early)).toEqual(new Set(['skipped-paused']));
    await fetch(`${server.url}/api/projects/second/pause`, { method: 'DELETE' });
    await untilRecords(server.url, 'second', (all) =>
      all.some(({ dueAt, outcome }) => outcome === 'started' && dueAt > setBackAt && dueAt < later()),
    );
    // The time at which the pause began comes again.
    await clock.set(server, 0);
    const resetAt = new Date().toISOString();
    await untilRecords(server.url, 'second', (all) =>
      all.some(({ dueAt, outcome }) => outcome === 'started' && dueAt > resetAt),
    );

    function later(): string {
      return new Date(Date.parse(setBackAt) + HOUR_MS / 2).toISOString();
    }
  });

  it('keep a pause with an end while the clock is wrong', async () => {
    await begin({ second: everySecond('second') });
    await untilRecords(server.url, 'second', (all) => all.length > 0);
    await put('pause', { until: new Date(Date.now() + 12 * HOUR_MS).toISOString() });
    await clock.set(server, 24 * HOUR_MS);
    const wrongAt = new Date(Date.now() + 23 * HOUR_MS).toISOString();
    await untilRecords(server.url, 'second', ([newest]) => newest!.dueAt > wrongAt);
    await clock.set(server, 0);
    const resetAt = new Date().toISOString();
    const found = await untilRecords(server.url, 'second', (all) =>
      all.some(({ dueAt }) => dueAt > resetAt && dueAt < wrongAt),
    );
    const after = found.filter(({ dueAt }) => dueAt > resetAt && dueAt < wrongAt);
    expect(outcomes(after)).toEqual(new Set(['skipped-paused']));
  });

  it('start nothing for an entry that was disabled or edited while the server was down', async () => {
    await begin({ off: everySecond('off'), given: everySecond('given', ', scope: "only:work"') });
    await untilRecords(server.url, 'off', (all) => all.length > 0);
    await untilRecords(server.url, 'given', (all) => all.length > 0);
    await server.end('SIGKILL');
    const killedAt = new Date().toISOString();
    writeProject(folders, 'off', everySecond('off', ', enabled: false'));
    writeProject(folders, 'given', everySecond('given', ', scope: full').replace('* * *', '*/2 * *'));
    await start();
    const restartedAt = new Date().toISOString();
    const found = await untilRecords(server.url, 'given', ([newest]) => newest!.dueAt > restartedAt);
    for (const { runId, dueAt } of found.filter((record) => record.dueAt > killedAt && record.runId)) {
      expect([dueAt > killedAt, (await server.get(runId!)).scope]).toEqual([true, 'full']);
    }
    expect((await scheduleRecords(server.url, 'off')).filter(({ dueAt }) => dueAt > killedAt)).toEqual([]);
  });

  it('of a removed project are forgotten, also while another file is invalid', async () => {
    await begin({ gone: everySecond('gone'), broken: 'id: broken\nsteps: none\n' });
    await untilRecords(server.url, 'gone', (all) => all.length > 0);
    rmSync(join(folders.configDir, 'projects', 'gone.yaml'));
    await until(
      async () => !/[1-9]\d* schedules?"/.test(await (await fetch(`${server.url}/api/health`)).text()),
    );
  });

  async function put(path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'PUT', headers, body: JSON.stringify(body) };
    expect((await fetch(`${server.url}/api/projects/second/${path}`, init)).status).toBe(200);
  }

  it('count an edited expression from now on, also if it was edited while the server was down', async () => {
    await begin({ edited: nodeStep('edited', '0', "schedule: { cron: '0 3 * * *' }\n") });
    await untilFollowed(server.url);
    await server.end('SIGTERM');
    writeProject(folders, 'edited', everySecond('edited', ', catchUp: true'));
    const restartedAt = new Date().toISOString();
    await start();
    const found = await untilRecords(server.url, 'edited', (all) => all.length >= 2);
    expect(found.every(({ dueAt }) => dueAt > restartedAt)).toBe(true);
    expect(outcomes(found).has('missed')).toBe(false);
  });
});
