import { Temporal } from '@js-temporal/polyfill';
import type {
  ProjectScheduleView,
  ScheduleRecordPageView,
  ScheduleRecordView,
} from '../src/schedules/schedule.views';
import { problem } from './support/expect-problem';
import { nodeStep, RunningApp, writeProject } from './support/jobato';
import { everySecond, outcomes, scheduleRecords, untilRecords } from './support/schedule-records';

const HOUR_MS = 3_600_000;
const stays = (id: string) =>
  nodeStep(id, 'setInterval(() => 0, 1000)', `schedule: { cron: '* * * * * *' }\n`);

describe('schedules', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      second: everySecond('second'),
      busy: stays('busy'),
      paused: everySecond('paused'),
      edited: everySecond('edited'),
      off: `enabled: false\n${everySecond('off')}`,
      limited: everySecond('limited').replace('schedule', 'inputs: queries-x-allowlists\nschedule'),
      nightly: nodeStep(
        'nightly',
        '0',
        'schedule:\n' +
          '  - { name: night, cron: "30 2 * * *", timeZone: Europe/Berlin, catchUp: true }\n' +
          '  - { name: weekly, cron: "@weekly", scope: "only:work" }\n' +
          '  - { name: off, cron: "@hourly", enabled: false }\n',
      ),
      none: nodeStep('none', '0'),
    });
  });
  afterAll(() => jobato.stop());

  it('start runs at their due times, and record each of them', async () => {
    const found = await untilRecords(
      jobato.url,
      'second',
      (all) => all.filter(({ outcome }) => outcome === 'started').length >= 2,
    );
    const { runId, dueAt, schedule } = found.find(({ outcome }) => outcome === 'started')!;
    const run = (await jobato.api.get(`/api/runs/${runId}`).expect(200)).body;
    expect(run).toMatchObject({ projectId: 'second', triggeredBy: 'schedule', triggeredByName: 'default' });
    expect(schedule).toBe('default');
    expect(Date.parse(run.startedAt) - Date.parse(dueAt)).toBeGreaterThanOrEqual(0);
    // Each second since the first has one record.
    const times = found.map((record) => Date.parse(record.dueAt));
    expect(times).toEqual(times.map((_, index) => times[0]! - index * 1000));
  });

  it('skip a due time while a run of the project is active', async () => {
    const found = await untilRecords(
      jobato.url,
      'busy',
      (all) => all.length >= 3 && outcomes(all).has('skipped-busy'),
    );
    expect(found.filter(({ outcome }) => outcome === 'started')).toHaveLength(1);
    const skipped = found.find(({ outcome }) => outcome === 'skipped-busy');
    expect(skipped).toMatchObject({ runId: null, reason: null, until: null, count: 1 });
  });

  it('skip due times of a disabled project', async () => {
    const found = await untilRecords(jobato.url, 'off', (all) => outcomes(all).has('skipped-disabled'));
    expect(outcomes(found).has('started')).toBe(false);
  });

  it('record a refused start with its reason', async () => {
    const found = await untilRecords(jobato.url, 'limited', (all) => outcomes(all).has('refused'));
    expect(found.find(({ outcome }) => outcome === 'refused')).toMatchObject({
      outcome: 'refused',
      reason: 'NO_ENABLED_INPUTS',
      detail: expect.stringMatching(/\S/),
      runId: null,
    });
  });

  it('skip due times while the project is paused, and start nothing on resume', async () => {
    const { url } = jobato;
    await untilRecords(url, 'paused', (all) => all.length >= 1);
    const until = new Date(Date.now() + HOUR_MS).toISOString();
    const pause = (
      await jobato.api.put('/api/projects/paused/pause').send({ reason: 'Moving house', until }).expect(200)
    ).body;
    expect(pause).toMatchObject({ projectId: 'paused', pausedBy: 'api', reason: 'Moving house', until });
    const skipped = await untilRecords(
      url,
      'paused',
      (all) => all.filter(({ outcome }) => outcome === 'skipped-paused').length >= 2,
    );
    const isDuring = ({ dueAt }: ScheduleRecordView) => dueAt >= pause.pausedAt;
    expect(outcomes(skipped.filter(isDuring))).toEqual(new Set(['skipped-paused']));
    const state = (await jobato.api.get('/api/projects/paused/schedule').expect(200)).body;
    expect(state.paused).toEqual(pause);
    expect(state.items[0].paused).toEqual(pause);

    const manual = await jobato.trigger('paused');
    await jobato.untilEnded(manual.runId);

    await jobato.api.delete('/api/projects/paused/pause').expect(204);
    await jobato.api.delete('/api/projects/paused/pause').expect(204);
    const resumedAt = new Date().toISOString();
    const after = await untilRecords(url, 'paused', (all) => all[0]!.outcome === 'started');
    const early = after.filter((record) => isDuring(record) && record.dueAt < resumedAt);
    expect(outcomes(early)).toEqual(new Set(['skipped-paused']));
  });

  it('start nothing from the moment an entry is disabled, and again when it is enabled', async () => {
    const { url, folders } = jobato;
    await untilRecords(url, 'edited', (all) => all.length >= 1);
    const file = everySecond('edited', ', enabled: false');
    writeProject(folders, 'edited', file);
    // No wait for the change to be noticed: the file counts, from the first due time after it was written.
    const disabledAt = new Date().toISOString();
    // Two due times of another schedule pass.
    await untilRecords(url, 'second', (all) => all[1]!.dueAt > disabledAt);
    expect((await scheduleRecords(url, 'edited')).filter(({ dueAt }) => dueAt > disabledAt)).toEqual([]);
    writeProject(folders, 'edited', everySecond('edited'));
    await untilRecords(url, 'edited', ([newest]) => newest!.dueAt > disabledAt);
  });

  it('skip all due times while all projects are paused', async () => {
    const { pausedAt } = (await jobato.api.put('/api/pause').expect(200)).body;
    expect((await jobato.api.get('/api/schedules').expect(200)).body.paused).toMatchObject({
      scope: 'all',
      projectId: null,
      reason: null,
      until: null,
    });
    const found = await untilRecords(jobato.url, 'second', ([newest]) => newest!.dueAt > pausedAt);
    expect(found[0]!.outcome).toBe('skipped-paused');
    await jobato.api.delete('/api/pause').expect(204);
    expect((await jobato.api.get('/api/schedules').expect(200)).body.paused).toBeNull();
  });

  it('accept null as no reason and no end of a pause', async () => {
    await jobato.api.put('/api/projects/none/pause').send({ reason: null, until: null }).expect(200);
    await jobato.api.delete('/api/projects/none/pause').expect(204);
  });

  it('are listed with their next five due times', async () => {
    const { items } = (await jobato.api.get('/api/projects/nightly/schedule').expect(200))
      .body as ProjectScheduleView;
    expect(items.map(({ schedule, enabled }) => [schedule, enabled])).toEqual([
      ['night', true],
      ['weekly', true],
      ['off', false],
    ]);
    const [night, weekly, off] = items as [(typeof items)[0], (typeof items)[0], (typeof items)[0]];
    expect(night).toMatchObject({
      projectId: 'nightly',
      cron: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      scope: 'full',
      catchUp: true,
      paused: null,
      lastRecords: [],
    });
    const local = night.nextDueAt.map((at) =>
      Temporal.Instant.from(at).toZonedDateTimeISO('Europe/Berlin').toPlainTime().toString(),
    );
    expect(local).toHaveLength(5);
    expect(new Set(local)).toEqual(new Set(['02:30:00']));
    expect(weekly.nextDueAt.map((at) => new Date(at).getUTCDay())).toEqual([0, 0, 0, 0, 0]);
    expect(off.nextDueAt).toEqual([]);
    expect((await jobato.api.get('/api/projects/none/schedule').expect(200)).body).toEqual({
      projectId: 'none',
      items: [],
      paused: null,
    });
  });

  it('are listed page by page, also their records', async () => {
    const one = (await jobato.api.get('/api/schedules?limit=2').expect(200)).body;
    const two = (await jobato.api.get(`/api/schedules?limit=2&cursor=${one.nextCursor}`).expect(200)).body;
    const all = (await jobato.api.get('/api/schedules?limit=200').expect(200)).body;
    expect([...one.items, ...two.items].map(nameOf)).toEqual(all.items.slice(0, 4).map(nameOf));
    expect(all.nextCursor).toBeNull();

    await untilRecords(jobato.url, 'busy', (found) => found.length >= 4);
    const path = '/api/projects/busy/schedule/records?schedule=default&limit=2';
    const first = (await jobato.api.get(path).expect(200)).body as ScheduleRecordPageView;
    const cursor = encodeURIComponent(first.nextCursor!);
    const next = (await jobato.api.get(`${path}&cursor=${cursor}`).expect(200))
      .body as ScheduleRecordPageView;
    expect([...first.items, ...next.items].map(({ dueAt }) => Date.parse(dueAt))).toEqual(
      [0, 1, 2, 3].map((index) => Date.parse(first.items[0]!.dueAt) - index * 1000),
    );
  });

  it('are reported in metrics and health', async () => {
    await untilRecords(jobato.url, 'second', (all) => all.length > 0);
    const { text } = await jobato.api.get('/api/metrics').expect(200);
    expect(text).toMatch(/^jobato_schedule_records_total\{outcome="started"\} [1-9]/m);
    expect(text).toMatch(/^jobato_schedule_lag_seconds_count [1-9]/m);
    const { body } = await jobato.api.get('/api/health');
    expect(JSON.stringify(body)).toMatch(/[1-9] schedules/);
  });

  it.each([
    ['get', '/api/projects/unknown/schedule', 404, 'PROJECT_NOT_FOUND'],
    ['get', '/api/projects/unknown/schedule/records', 404, 'PROJECT_NOT_FOUND'],
    ['put', '/api/projects/unknown/pause', 404, 'PROJECT_NOT_FOUND'],
    ['delete', '/api/projects/unknown/pause', 404, 'PROJECT_NOT_FOUND'],
    ['delete', '/api/projects/*/pause', 404, 'PROJECT_NOT_FOUND'],
    ['get', '/api/projects/busy/schedule/records?cursor=x', 400, 'VALIDATION'],
    ['get', '/api/projects/busy/schedule/records?cursor=2026-99-99T99:99:99.999Z~x', 400, 'VALIDATION'],
    ['get', '/api/schedules?limit=0', 400, 'VALIDATION'],
  ] as const)('%s %s answers %d %s', async (method, path, status, code) => {
    await jobato.api[method](path).expect(problem(status, code));
  });

  it.each([
    [{ until: '2020-01-01T00:00:00Z' }],
    [{ until: '2099-01-01' }],
    [{ until: '2099-01-01T00:00:00' }],
    [{ until: 7 }],
    [{ reason: 'x'.repeat(501) }],
    [{ reason: 'reversed \u202e text' }],
    [{ unknown: 1 }],
  ])('refuse the pause %j', async (body) => {
    await jobato.api.put('/api/projects/none/pause').send(body).expect(problem(400, 'VALIDATION'));
  });
});

function nameOf({ projectId, schedule }: { projectId: string; schedule: string }): string {
  return `${projectId}/${schedule}`;
}
