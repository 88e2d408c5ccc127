import { rmSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Channels } from '../src/channels/channels';
import { Clock, monotonicMs } from '../src/clock/clock';
import { ConditionEngine } from '../src/notifications/condition-engine';
import type { ConditionWatch } from '../src/notifications/condition-watch';
import type { OpenCondition } from '../src/notifications/delivery';
import { NotificationSender } from '../src/notifications/notification-sender';
import { type Folders, makeFolders, nodeStep, RunningApp, writeConfig, writeProject } from './support/jobato';
import { answering, Receiver } from './support/receiver';
import { until } from './support/until';

const WAITS = 'setInterval(() => {}, 1000)';
const channels = (on: string) => `channels: [{ id: ops, type: webhook, urlFrom: OPS_URL, allowPrivate: true }]
defaults: [{ channel: ops, on: [${on}] }]
`;
const MINUTE = 60_000;

let receiver: Receiver;
let folders: Folders;
let jobato: RunningApp;
let environment: Record<string, string>;
let clock: { monotonicMs: number; wallMs: number };

/** Starts the server with clocks that the test advances, and with checks only where the test asks for them. */
const startServer = async () => {
  // Before the start, so that a server that starts later has the time that passed.
  jest.spyOn(Clock.prototype, 'monotonicMs').mockImplementation(() => monotonicMs() + clock.monotonicMs);
  jest.spyOn(Clock.prototype, 'nowMs').mockImplementation(() => Date.now() + clock.wallMs);
  jobato = await RunningApp.start(folders, environment);
  await jobato.app.get(ConditionEngine).onModuleDestroy();
};
const start = async (projects: Record<string, string>, on: string, more: Record<string, string> = {}) => {
  clock = { monotonicMs: 0, wallMs: 0 };
  receiver = await Receiver.start();
  folders = makeFolders(projects);
  writeConfig(folders, 'notifications.yaml', channels(on));
  environment = { OPS_URL: receiver.url, ...more };
  await startServer();
};
const restart = async () => {
  await jobato.stop();
  await startServer();
};
/** Advances both clocks. */
const pass = (ms: number) => {
  clock.monotonicMs += ms;
  clock.wallMs += ms;
};
const check = () => jobato.app.get(ConditionEngine).check();
interface Row {
  kind: string;
  state: string;
  attempts: number;
}
const states = async () =>
  ((await jobato.api.get('/api/notifications').expect(200)).body as { items: Row[] }).items.reverse();
const kinds = async () => (await states()).map(({ kind }) => kind);
const untilSent = async (...expected: string[]) => {
  await receiver.until(expected.length);
  expect(await kinds()).toEqual(expected);
};
afterEach(async () => {
  await jobato.stop();
  await receiver.stop();
  jest.restoreAllMocks();
  rmSync(folders.root, { recursive: true, force: true });
});

describe('long', () => {
  const project = nodeStep('waits', WAITS, 'longAfterSeconds: 3600\nretry: { maxAttempts: 9 }\n');

  it('is announced once, also across a restart, and cleared once', async () => {
    await start({ waits: project }, 'long');
    const { runId } = await jobato.trigger('waits');
    await check();
    pass(59 * MINUTE);
    await check();
    expect(await kinds()).toEqual([]);
    pass(2 * MINUTE);
    await check();
    await check();
    await untilSent('long');
    expect(receiver.events()[0]).toMatchObject({
      type: 'run.long',
      data: {
        text: 'waits #1 has been running for 1 h 1 min (longer than 1 h 0 min)',
        run: { runId, status: 'running' },
        condition: { limitSeconds: 3600 },
      },
    });
    await restart();
    await check();
    expect(await kinds()).toEqual(['long']);
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    await jobato.untilEnded(runId);
    await check();
    await untilSent('long', 'long-cleared');
    expect(receiver.events()[1]!.data.text).toMatch(
      /^waits #1 is no longer running long: it ended cancelled after/,
    );
  });

  it('ends silently where the end itself is notified', async () => {
    await start({ waits: project }, 'long, cancelled');
    const { runId } = await jobato.trigger('waits');
    pass(61 * MINUTE);
    await check();
    await receiver.until(1);
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    await jobato.untilEnded(runId);
    await check();
    await untilSent('long', 'cancelled');
  });

  it('is not mentioned at all if it was over before its first try', async () => {
    await start({ waits: project }, 'long, failed', { OPS_URL: '' });
    const { runId } = await jobato.trigger('waits');
    pass(61 * MINUTE);
    await check();
    expect(await kinds()).toEqual(['long']);
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    await jobato.untilEnded(runId);
    expect(await kinds()).toEqual([]);
    expect(receiver.received).toEqual([]);
  });

  it('begins after three typical durations without a limit', async () => {
    const waitsFor = (seconds: string) => `id: job\nsteps: [{ name: work, run: 'sleep ${seconds}' }]\n`;
    await start({ job: waitsFor('0') }, 'long');
    for (let n = 0; n < 3; n++) await jobato.untilEnded((await jobato.trigger('job')).runId);
    writeProject(folders, 'job', waitsFor('1000'));
    const { runId } = await jobato.trigger('job');
    await check();
    pass(MINUTE - 5_000);
    await check();
    expect(await kinds()).toEqual([]);
    pass(6_000);
    await check();
    await untilSent('long');
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
  });

  it('does not begin because the clock is set forward', async () => {
    await start({ waits: project }, 'long');
    await jobato.trigger('waits');
    await check();
    clock.wallMs += 48 * 60 * MINUTE;
    await check();
    expect(await kinds()).toEqual([]);
  });
});

describe('stuck', () => {
  it('begins while no worker takes a run, and ends when the run does', async () => {
    await start({ steps: nodeStep('steps', '0') }, 'stuck', { WORKER: 'off' });
    const { runId } = await jobato.trigger('steps');
    await check();
    pass(6 * MINUTE);
    await check();
    await check();
    await receiver.until(1);
    expect(receiver.events()[0]!.data.text).toMatch(/^steps #1 is stuck: no worker has claimed it for 6 min/);
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    await jobato.untilEnded(runId);
    await untilSent('stuck', 'stuck-cleared');
  });

  it('counts a later attempt from its own wait, and lasts across a restart', async () => {
    await start({ steps: nodeStep('steps', '0') }, 'stuck', { WORKER: 'off' });
    const { runId } = await jobato.trigger('steps');
    const database = new BetterSqlite3(join(folders.dataDir, 'db', 'jobato.db'));
    database.exec('UPDATE runs SET attempt = 2');
    database.close();
    pass(3 * 60 * MINUTE);
    await check();
    pass(6 * MINUTE);
    await check();
    await receiver.until(1);
    expect(receiver.events()[0]!.data.text).toMatch(/^steps #1 is stuck: no worker has claimed it for 6 min/);
    await restart();
    await check();
    expect(await kinds()).toEqual(['stuck']);
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
  });
});

describe('stale', () => {
  it('begins without a completed run for too long, and ends with the next one', async () => {
    await start(
      { nightly: nodeStep('nightly', '0', 'name: Nightly\nexpectSuccessEverySeconds: 90000\n') },
      'stale',
    );
    await jobato.untilEnded((await jobato.trigger('nightly')).runId);
    await check();
    pass(24 * 60 * MINUTE);
    await check();
    expect(await kinds()).toEqual([]);
    pass(2 * 60 * MINUTE);
    await check();
    await restart();
    await check();
    await receiver.until(1);
    expect(receiver.events()[0]).toMatchObject({ type: 'project.stale', data: { run: null } });
    expect(receiver.events()[0]!.data.text).toMatch(/^Nightly has not completed for 1 d 2 h, since 20/);
    await jobato.untilEnded((await jobato.trigger('nightly')).runId);
    await check();
    await untilSent('stale', 'stale-cleared');
  });

  it('lasts across a restart for a project that never ran', async () => {
    await start({ nightly: nodeStep('nightly', '0', 'expectSuccessEverySeconds: 3600\n') }, 'stale');
    pass(61 * MINUTE);
    await check();
    await untilSent('stale');
    await restart();
    await check();
    expect(await kinds()).toEqual(['stale']);
    await jobato.untilEnded((await jobato.trigger('nightly')).runId);
    await untilSent('stale', 'stale-cleared');
  });

  it.each([
    ['notifications.yaml', (content: string) => writeConfig(folders, 'notifications.yaml', content)],
    ['its project file', (content: string) => writeProject(folders, 'nightly', content)],
  ])('lasts across a restart while %s is broken', async (_file, write) => {
    const project = nodeStep('nightly', '0', 'expectSuccessEverySeconds: 3600\n');
    await start({ nightly: project }, 'stale');
    pass(61 * MINUTE);
    await check();
    await untilSent('stale');
    await jobato.stop();
    write('broken: [');
    await startServer();
    await check();
    expect(await kinds()).toEqual(['stale']);
    writeConfig(folders, 'notifications.yaml', channels('stale'));
    writeProject(folders, 'nightly', project);
    await jobato.app.get(Channels).reload();
    await jobato.untilEnded((await jobato.trigger('nightly')).runId);
    await untilSent('stale', 'stale-cleared');
  });
});

describe('late', () => {
  const records = async () =>
    (await jobato.api.get('/api/projects/search/schedule/records').expect(200)).body as {
      items: { outcome: string }[];
    };
  const untilOutcome = (outcome: string) =>
    until(async () => (await records()).items.some((record) => record.outcome === outcome));

  it('is announced once when a due start was refused for too long, and cleared by the next run', async () => {
    const more = 'lateAfterSeconds: 120\ninputs: queries-x-allowlists\nschedule: { cron: "* * * * * *" }\n';
    await start({ search: nodeStep('search', '0', `name: Search\n${more}`) }, 'late');
    await untilOutcome('refused');
    await check();
    expect(await kinds()).toEqual([]);
    pass(3 * MINUTE);
    await check();
    await restart();
    await check();
    await untilSent('late');
    expect(receiver.events()[0]).toMatchObject({ type: 'project.late', data: { run: null } });
    expect(receiver.events()[0]!.data.text).toMatch(
      /^Search is late: it was due at 20.* UTC and has not started for 3 min/,
    );
    writeConfig(folders, 'queries.yaml', 'queries: [{ id: rust, text: Rust, enabled: true }]');
    writeConfig(folders, 'allowlists.yaml', 'allowlists: [{ domain: example.com, enabled: true }]');
    await untilOutcome('started');
    await check();
    await untilSent('late', 'late-cleared');
  });

  it('is not announced while schedules are paused', async () => {
    const more = 'lateAfterSeconds: 120\ninputs: queries-x-allowlists\nschedule: { cron: "* * * * * *" }\n';
    await start({ search: nodeStep('search', '0', more) }, 'late');
    await untilOutcome('refused');
    await jobato.api.put('/api/projects/search/pause').expect(200);
    pass(3 * MINUTE);
    await check();
    expect(await kinds()).toEqual([]);
  });
});

describe('a watch of another module', () => {
  const due: OpenCondition = {
    kind: 'late',
    subject: 'nightly 2026-11-28T21:00:00.000Z',
    projectId: 'nightly',
    runId: null,
    facts: {
      at: '2026-11-28T21:06:00.000Z',
      projectName: 'Nightly',
      run: null,
      condition: { since: '2026-11-28T21:00:00.000Z', limitSeconds: 300, detail: null },
    },
  };
  let found: OpenCondition[] | Error = [];
  const watch: ConditionWatch = {
    kind: 'late',
    everyMs: 1000,
    open: () => (found instanceof Error ? Promise.reject(found) : Promise.resolve(found)),
  };
  beforeEach(async () => {
    await start({ nightly: nodeStep('nightly', '0'), quiet: nodeStep('quiet', '0', 'notify: []\n') }, 'late');
  });
  const check = () => jobato.app.get(ConditionEngine).check([watch]);

  it('is asked what holds, and each condition is announced and cleared once', async () => {
    found = [due, { ...due, projectId: 'quiet', subject: 'quiet' }];
    await check();
    await check();
    await receiver.until(1);
    expect(receiver.events()[0]).toMatchObject({
      type: 'project.late',
      data: {
        text: 'Nightly is late: it was due at 2026-11-28 21:00:00 UTC and has not started for 6 min 0 s',
      },
    });
    found = new Error('not known');
    await expect(check()).rejects.toThrow('not known');
    expect(await kinds()).toEqual(['late']);
    found = [];
    await check();
    await check();
    await untilSent('late', 'late-cleared');
  });

  it('tells of the end after a try that may have arrived, but does not repeat the announcement', async () => {
    receiver.answers.push(answering(500));
    found = [due];
    await check();
    await receiver.until(1);
    await until(async () =>
      JSON.stringify((await jobato.api.get('/api/notifications')).body).includes('"attempts":1'),
    );
    found = [];
    await check();
    await receiver.until(2);
    expect(await kinds()).toEqual(['late-cleared']);
  });

  it('does not repeat an announcement whose try fails after the end of the condition', async () => {
    let failFirst = () => {};
    receiver.answers.push((received, response) => {
      failFirst = () => answering(500)(received, response);
    });
    found = [due];
    await check();
    await receiver.until(1);
    found = [];
    await check();
    failFirst();
    await receiver.until(2);
    pass(60 * MINUTE);
    jobato.app.get(NotificationSender).kick();
    await until(async () => (await states()).every(({ state }) => state !== 'pending'));
    expect(receiver.events().map(({ type }) => type)).toEqual(['project.late', 'project.late.cleared']);
    expect(await states()).toEqual([
      expect.objectContaining({ kind: 'late', state: 'failed', attempts: 1 }),
      expect.objectContaining({ kind: 'late-cleared', state: 'delivered' }),
    ]);
  });
});
