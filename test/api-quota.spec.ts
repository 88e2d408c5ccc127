import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Clock, plusSeconds, toInstant } from '../src/clock/clock';
import { EventStream } from '../src/events/event-stream';
import type { RunView } from '../src/runs/run-view';
import type { RunEventMap, RunEventType, StreamFields } from '../src/events/run-event';
import type { ProjectListView } from '../src/projects/project-view';
import { type QuotaStatus, Quotas } from '../src/quota/quotas';
import { EventApplier } from '../src/intake/event-applier';
import { RunsService } from '../src/runs/runs.service';
import { problem } from './support/expect-problem';
import { type Folders, makeFolders, nodeStep, RunningApp, writeConfig } from './support/jobato';
import { until } from './support/until';

/** The quota day of these tests starts at 22:00 in Berlin. */
const NOON = '2026-03-28T12:00:00.000Z';
const RESETS_AT = '2026-03-28T21:00:00.000Z';
const QUOTA = `quota:
  dailyLimit: 5
  concurrencyLimit: 2
  resetPolicy: { timeZone: Europe/Berlin, resetHour: 22 }
`;
const SAYS = `console.log(process.env.JOBATO_QUOTA_REMAINING + ' ' + process.env.JOBATO_QUOTA_CONCURRENCY);`;
const CALLS = `const fs = require('node:fs'); for (let n = 0; n < 3; n++) fs.writeSync(3, '{"quota":{"used":1}}\\n');`;
const STOPS = `fs.writeSync(3, '{"partial":{"reason":"quota-reached"}}\\n');`;
const SPENDS = `echo $JOBATO_QUOTA_REMAINING; echo "{\\"quota\\":{\\"used\\":4}}" >&3`;
const external = (id: string, more = '') =>
  `id: ${id}\nexecutor: external\nquota: true\nretry: { maxAttempts: 3 }\n${more}`;
interface EventPage {
  items: { eventType: string; payload: object }[];
}
const PROJECTS = {
  calls: nodeStep('calls', `${SAYS}${CALLS}`, 'quota: true\n'),
  stops: nodeStep('stops', `${CALLS}${STOPS}`, 'quota: true\n'),
  after: `${nodeStep('after', `${SAYS}${CALLS}`, 'quota: true\n')}${['two', 'three']
    .map((name) => `  - name: ${name}\n    command: [sh, -c, '${SPENDS}']\n`)
    .join('')}`,
  beside: `id: beside\nquota: true\nsteps:\n${['left', 'right']
    .map((name) => `  - name: ${name}\n    needs: []\n    command: [${process.execPath}, -e, "${SAYS}"]\n`)
    .join('')}`,
  free: nodeStep('free', `${SAYS}${CALLS}`),
  far: external('far'),
  other: external('other'),
};

let folders: Folders;
let jobato: RunningApp;
let nowMs = 0;
const start = async (files: Record<string, string>) => {
  folders = makeFolders(PROJECTS);
  for (const [name, content] of Object.entries(files)) writeConfig(folders, name, content);
  jobato = await RunningApp.start(folders);
  nowMs = Date.parse(NOON);
  jest.spyOn(jobato.app.get(Clock), 'nowMs').mockImplementation(() => nowMs);
};
afterEach(async () => {
  await jobato.stop();
  rmSync(folders.root, { recursive: true, force: true });
});

const quotaOf = async (projectId: string) => {
  const { body } = await jobato.api.get(`/api/projects/${projectId}/summary`).expect(200);
  return (body as { quota: QuotaStatus | null }).quota;
};
const usedOf = async (projectId: string) => (await quotaOf(projectId))!.used;
const eventsOf = async (runId: string) =>
  ((await jobato.api.get(`/api/runs/${runId}/events`).expect(200)).body as EventPage).items;
const projects = async () => (await jobato.api.get('/api/projects').expect(200)).body as ProjectListView;
const store = () => jobato.app.get(RunsService);

let entries = 0;
const fieldsOf = <Type extends RunEventType>(
  runId: string,
  eventType: Type,
  payload: RunEventMap[Type],
  occurredAt = NOON,
): StreamFields => ({
  eventId: randomUUID(),
  eventType,
  eventVersion: '1',
  occurredAt,
  runId,
  payload: JSON.stringify(payload),
});
/** Applies an entry like the stream's consumer. @returns the outcome */
const apply = async (fields: StreamFields) =>
  (
    await jobato.app
      .get(EventApplier)
      .apply({ id: `test-${++entries}`, fields: { ...fields }, deliveryCount: 1 }, { via: 'server' })
  ).outcome;
const say = (...args: Parameters<typeof fieldsOf>) => apply(fieldsOf(...args));

describe('project with a quota', () => {
  beforeEach(() => start({ 'quota.yaml': QUOTA }));

  it('counts calls of its steps and passes the remaining quota to them', async () => {
    expect(await quotaOf('calls')).toEqual({
      dailyLimit: 5,
      used: 0,
      remaining: 5,
      concurrencyLimit: 2,
      resetsAt: RESETS_AT,
    });
    const first = await jobato.trigger('calls');
    await jobato.untilEnded(first.runId);
    expect(await quotaOf('calls')).toMatchObject({ used: 3, remaining: 2 });
    const report = await jobato.api.get('/api/reports/runs/latest').expect(200);
    expect(report.body).toMatchObject({
      runId: first.runId,
      quota: { used: 3, remaining: 2, resetsAt: RESETS_AT },
    });

    const second = await jobato.trigger('calls');
    await jobato.untilEnded(second.runId);
    await jobato.api.get(`/api/runs/${first.runId}/logs`).expect(200, '5 2\n');
    await jobato.api.get(`/api/runs/${second.runId}/logs`).expect(200, '2 2\n');
    // Calls beyond the limit count, because they were made.
    expect(await quotaOf('calls')).toMatchObject({ used: 6, remaining: 0 });
  });

  it('passes the remaining quota to each step', async () => {
    const { runId } = await jobato.trigger('after');
    await jobato.untilEnded(runId);
    await jobato.api.get(`/api/runs/${runId}/logs`).expect(200, '5 2\n2\n0\n');
    expect(await quotaOf('after')).toMatchObject({ used: 11, remaining: 0 });
  });

  it('divides the remaining quota among steps that start together', async () => {
    const { runId } = await jobato.trigger('beside');
    await jobato.untilEnded(runId);
    const { text } = await jobato.api.get(`/api/runs/${runId}/logs`).expect(200);
    expect(text.trimEnd().split('\n').sort()).toEqual(['2 1', '3 1']);
  });

  it('rejects triggers and re-runs with no quota left and returns the reset time', async () => {
    const { runId } = await jobato.trigger('far');
    await say(runId, 'run.completed', { issuedCalls: 5 });
    nowMs = Date.parse(NOON) + 30_500;

    for (const path of ['/api/projects/far/runs', `/api/runs/${runId}/rerun`]) {
      const seconds = (Date.parse(RESETS_AT) - nowMs) / 1000;
      await jobato.api
        .post(path)
        .expect(
          problem(429, 'QUOTA_REACHED', {
            resetsAt: RESETS_AT,
            detail: expect.stringContaining('5 of its 5'),
          }),
        )
        .expect('retry-after', String(Math.ceil(seconds)));
    }
    for (const path of ['/projects/far/runs', `/runs/${runId}/rerun`]) {
      const { text: page } = await jobato.api.post(path).expect(429);
      expect(page).toContain('Quota reached');
      expect(page).toContain(`<time datetime="${RESETS_AT}"`);
    }
    const { body } = await jobato.api.get('/api/projects/far/runs').expect(200);
    expect((body as { items: object[] }).items).toHaveLength(1);
    expect(await usedOf('other')).toBe(0); // each project has the whole limit
    await jobato.trigger('other');
  });

  it('resets on the next quota day, across a clock change', async () => {
    const { runId } = await jobato.trigger('far');
    await say(runId, 'run.completed', { issuedCalls: 5 });
    nowMs = Date.parse(RESETS_AT) - 1;
    await jobato.api.post('/api/projects/far/runs').expect(problem(429, 'QUOTA_REACHED'));
    nowMs = Date.parse(RESETS_AT);
    expect(await quotaOf('far')).toMatchObject({
      used: 0,
      remaining: 5,
      resetsAt: '2026-03-29T20:00:00.000Z',
    });
    await jobato.trigger('far');
  });

  it('returns the first response for the same idempotency key with no quota left', async () => {
    const trigger = () =>
      jobato.api.post('/api/projects/far/runs').set({ 'idempotency-key': 'k' }).expect(201);
    const first = (await trigger()).body as { runId: string };
    await say(first.runId, 'run.completed', { issuedCalls: 5 });
    await trigger().expect(201, first);
  });

  it('passes the remaining quota to each attempt', async () => {
    const { runId } = await jobato.trigger('far');
    await store().command(runId, { type: 'claim', workerId: 'w', leaseSeconds: 30 });
    await say(runId, 'run.progress', { quotaUsed: 4 });
    await store().command(runId, { type: 'lose-worker', attempt: 1, loss: { kind: 'lease-expired' } });
    const events = await eventsOf(runId);
    expect(events.filter(({ eventType }) => eventType === 'run.requested')).toMatchObject([
      { payload: { attempt: 1, quota: { remaining: 5, concurrencyLimit: 2 } } },
      { payload: { attempt: 2, quota: { remaining: 1, concurrencyLimit: 2 } } },
    ]);
  });

  it('can end a run as partial with the reason quota-reached', async () => {
    const { runId } = await jobato.trigger('stops');
    expect(await jobato.untilEnded(runId)).toMatchObject({
      status: 'partial',
      statusReason: 'quota-reached',
    });
    expect(await usedOf('stops')).toBe(3);
  });

  it('shows the remaining quota and the runs that used it', async () => {
    const { runId } = await jobato.trigger('calls');
    await jobato.untilEnded(runId);
    const [project, run, quota] = await Promise.all(
      ['/projects/calls', `/runs/${runId}`, '/quota'].map(
        async (path) => (await jobato.api.get(path).expect(200)).text,
      ),
    );
    for (const page of [project, run]) expect(page).toContain('data-testid="quota-remaining">2</dd>');
    expect(project).toContain('2 of 5 calls left');
    expect(run).toContain('>of 5</a> until ');
    expect(quota).toContain('The quota day starts at 22:00 (Europe/Berlin).');
    expect(quota).toContain(`href="/runs/${runId}"`);
  });
});

describe('counting calls', () => {
  const callsOf = async (id: string) =>
    ((await jobato.api.get(`/api/runs/${id}`).expect(200)).body as RunView).issuedCalls;
  let runId: string;
  beforeEach(async () => {
    await start({ 'quota.yaml': QUOTA.replace('5', '1000') });
    runId = (await jobato.trigger('far')).runId;
  });

  it('counts a repeated event once', async () => {
    const more = fieldsOf(runId, 'run.progress', { quotaUsed: 2 });
    expect([await apply(more), await apply(more)]).toEqual(['applied', 'duplicate']);
    // At the same moment, in one batch.
    const end = fieldsOf(runId, 'run.completed', { issuedCalls: 7 });
    expect((await Promise.all([apply(end), apply(end), apply(more)])).sort()).toEqual([
      'applied',
      'duplicate',
      'duplicate',
    ]);
    expect(await usedOf('far')).toBe(7);
  });

  it('includes reported calls in the total, also for late events', async () => {
    await say(runId, 'run.progress', { quotaUsed: 2 });
    await say(runId, 'run.completed', { issuedCalls: 5, persistedResults: 1 });
    expect(await usedOf('far')).toBe(5);
    // Late events of an ended run: the first is within the five reported calls, the second exceeds them.
    expect(await say(runId, 'run.progress', { quotaUsed: 3 })).toBe('already-ended');
    expect(await usedOf('far')).toBe(5);
    await say(runId, 'run.progress', { quotaUsed: 1 });
    expect(await usedOf('far')).toBe(6);
  });

  it('adds up events of one batch', async () => {
    const other = (await jobato.trigger('other')).runId;
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => say(n % 2 ? runId : other, 'run.progress', { quotaUsed: 2 })),
    );
    expect([await usedOf('far'), await usedOf('other')]).toEqual([100, 100]);
  });

  it('counts calls of a lost worker apart from the total of the next attempt', async () => {
    await store().command(runId, { type: 'claim', workerId: 'w', leaseSeconds: 30 });
    await say(runId, 'run.progress', { attempt: 1, quotaUsed: 2 });
    await store().command(runId, { type: 'lose-worker', attempt: 1, loss: { kind: 'lease-expired' } });
    await say(runId, 'run.progress', { attempt: 2, quotaUsed: 1 });
    expect(await say(runId, 'run.progress', { attempt: 1, quotaUsed: 3 })).toBe('stale-attempt');
    expect(await say(runId, 'run.completed', { attempt: 1, issuedCalls: 6 })).toBe('stale-attempt');
    expect(await usedOf('far')).toBe(7);
    expect(await say(runId, 'run.completed', { attempt: 2, issuedCalls: 10 })).toBe('applied');
    expect(await usedOf('far')).toBe(16);
    expect(await callsOf(runId)).toBe(16);
  });

  it('shows the calls of a run, and whether it reported any', async () => {
    expect(await callsOf(runId)).toBeNull();
    await say(runId, 'run.progress', { current: 1 });
    expect(await callsOf(runId)).toBeNull();
    await say(runId, 'run.progress', { quotaUsed: 0 });
    expect(await callsOf(runId)).toBe(0);
    await Promise.all([1, 2, 3].map((quotaUsed) => say(runId, 'run.progress', { quotaUsed })));
    expect(await callsOf(runId)).toBe(6);
    await say(runId, 'run.failed', { errorCode: 'E', message: 'm' });
    expect(await callsOf(runId)).toBe(6);
    const { runId: silent } = await jobato.trigger('far');
    await say(silent, 'run.completed', { issuedCalls: 0 });
    expect(await callsOf(silent)).toBe(0);
  });

  it('counts calls of a stopped run', async () => {
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    expect(await say(runId, 'run.completed', { issuedCalls: 4 })).toBe('already-ended');
    expect(await usedOf('far')).toBe(4);
    expect(await callsOf(runId)).toBe(4);
  });

  it("uses the day of the call, or of arrival if the sender's time is impossible", async () => {
    nowMs = Date.parse(RESETS_AT) + 60_000;
    const later = nowMs;
    const usedAt = async (at: string) => {
      nowMs = Date.parse(at);
      const used = await usedOf('far');
      nowMs = later;
      return used;
    };
    const days = async () => [await usedAt(NOON), await usedAt(RESETS_AT)];
    await say(runId, 'run.progress', { quotaUsed: 1 }, plusSeconds(RESETS_AT, -1));
    await say(runId, 'run.progress', { quotaUsed: 10 }, RESETS_AT);
    expect(await days()).toEqual([1, 10]);
    // Events with wrong clocks.
    await say(runId, 'run.progress', { quotaUsed: 2 }, '2020-01-01T00:00:00.000Z');
    await say(runId, 'run.progress', { quotaUsed: 20 }, '2030-01-01T00:00:00.000Z');
    expect(await days()).toEqual([1, 32]);
    // The total covers both days, so only the missing calls are added.
    await say(runId, 'run.completed', { issuedCalls: 40 }, toInstant(nowMs));
    expect(await days()).toEqual([1, 39]);
  });

  it('accepts events from the stream', async () => {
    const stream = jobato.app.get(EventStream);
    await stream.publish([
      fieldsOf(runId, 'run.progress', { quotaUsed: 2 }),
      fieldsOf(runId, 'run.completed', {
        persistedResults: 3,
        issuedCalls: 5,
        zeroResults: [{ queryText: 'Rust', domain: 'a.com', occurredAt: NOON }],
      }),
    ]);
    expect((await jobato.untilEnded(runId)).metrics).toEqual({ newJobsCount: 3 });
    expect(await usedOf('far')).toBe(5);
    expect((await eventsOf(runId)).at(-1)!.payload).toMatchObject({ zeroResults: [{ queryText: 'Rust' }] });
  });
});

describe('without a limit', () => {
  it('a project that does not use the quota has none', async () => {
    await start({ 'quota.yaml': QUOTA.replace('5', '0') });
    const { runId } = await jobato.trigger('free');
    await jobato.untilEnded(runId);
    await jobato.api.get(`/api/runs/${runId}/logs`).expect(200, 'undefined undefined\n');
    expect(await quotaOf('free')).toBeNull();
    const report = await jobato.api.get('/api/reports/runs/latest').expect(200);
    expect(report.body).toMatchObject({ runId, quota: null });
    await jobato.api.post('/api/projects/calls/runs').expect(problem(429, 'QUOTA_REACHED'));
  });

  it('a project that uses the quota runs without a limit, shows a note and counts calls', async () => {
    await start({});
    const { items } = await projects();
    const notes = (projectId: string) => items.find((item) => item.projectId === projectId)!.notes;
    expect(notes('calls')).toEqual([
      expect.stringMatching(/no limit because .*config\/quota\.yaml does not exist/),
    ]);
    expect(notes('free')).toEqual([]);
    await jobato.untilEnded((await jobato.trigger('calls')).runId);
    expect(await quotaOf('calls')).toBeNull();

    writeConfig(folders, 'quota.yaml', 'quota: { dailyLimit: 4 }');
    await until(() => jobato.app.get(Quotas).rules !== null);
    expect(await quotaOf('calls')).toMatchObject({ used: 3, remaining: 1, concurrencyLimit: 1 });
    const after = await projects();
    expect(after.items.flatMap((item) => item.notes)).toEqual([]);
  });
});

describe('broken config/quota.yaml', () => {
  const BROKEN = QUOTA.replace('Europe/Berlin', 'Europe/Atlantis');
  const PROBLEM = { file: 'quota.yaml', line: 4, reason: expect.stringContaining('Europe/Atlantis') };

  it('is listed, and the last valid version stays in use', async () => {
    await start({ 'quota.yaml': QUOTA });
    writeConfig(folders, 'quota.yaml', BROKEN);
    await until(() => jobato.app.get(Quotas).problems().length > 0);
    expect((await projects()).problems).toEqual([PROBLEM]);
    await jobato.api.get('/').expect(200, /config\/quota\.yaml<\/code> line 4/);
    await jobato.api.get('/quota').expect(200, /The last valid version stays in use/);
    expect(await quotaOf('far')).toMatchObject({ dailyLimit: 5 });
  });

  it('rejects runs of projects with a quota if no version was ever valid', async () => {
    await start({ 'quota.yaml': BROKEN });
    await jobato.api
      .post('/api/projects/far/runs')
      .expect(problem(503, 'QUOTA_UNKNOWN', { detail: expect.stringContaining('Europe/Atlantis') }));
    expect(await quotaOf('far')).toBeNull();
    const { items, problems } = await projects();
    expect(problems).toEqual([PROBLEM]);
    expect(items.find(({ projectId }) => projectId === 'far')!.notes).toEqual([
      expect.stringContaining('refused until the file is fixed'),
    ]);
    await jobato.untilEnded((await jobato.trigger('free')).runId);
    rmSync(join(folders.configDir, 'quota.yaml'));
    await until(() => jobato.app.get(Quotas).problems().length === 0);
    await jobato.trigger('far');
  });
});
