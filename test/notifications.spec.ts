import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { Clock } from '../src/clock/clock';
import { Database } from '../src/database/database';
import { DeliveryHousekeeping } from '../src/notifications/delivery-housekeeping';
import { NotificationSender } from '../src/notifications/notification-sender';
import { type Folders, makeFolders, nodeStep, RunningApp, writeConfig, writeProject } from './support/jobato';
import { accepts, answering, Receiver } from './support/receiver';
import { until } from './support/until';

const FAILS = "console.error('no space left'); console.error('on <b>device</b>'); process.exit(3)";
const SECRETS = [1, 2].map((n) => `whsec_${Buffer.alloc(32, n).toString('base64')}`);
const CHANNELS = `channels:
  - { id: ops, type: webhook, urlFrom: OPS_URL, secretFrom: OPS_SECRET, allowPrivate: true }
  - { id: chat, type: slack, urlFrom: CHAT_URL, allowPrivate: true }
defaults:
  - { channel: ops, on: [failed, recovered] }
`;

let receiver: Receiver;
let folders: Folders;
let jobato: RunningApp;
let passedMs = 0;

const start = async (
  projects: Record<string, string>,
  more: Record<string, string> = {},
  file = CHANNELS,
) => {
  receiver = await Receiver.start();
  folders = makeFolders(projects);
  writeConfig(folders, 'notifications.yaml', file);
  jobato = await RunningApp.start(folders, {
    OPS_URL: receiver.url,
    OPS_SECRET: SECRETS.join(' '),
    CHAT_URL: `${receiver.url}/chat`,
    ...more,
  });
  // Lets the test pass the time between tries.
  const clock = jobato.app.get(Clock);
  const monotonicMs = clock.monotonicMs.bind(clock);
  passedMs = 0;
  jest.spyOn(clock, 'monotonicMs').mockImplementation(() => monotonicMs() + passedMs);
};
const pass = (ms: number) => {
  passedMs += ms;
  jobato.app.get(NotificationSender).kick();
};
afterEach(async () => {
  await jobato.stop();
  await receiver.stop();
  rmSync(folders.root, { recursive: true, force: true });
});

interface DeliveryRow {
  id: string;
  channel: string;
  kind: string;
  state: string;
  attempts: number;
  lastAnswer: { code: string; text: string } | null;
}
const run = async (projectId: string) => jobato.untilEnded((await jobato.trigger(projectId)).runId);
const deliveries = async (query = '') =>
  ((await jobato.api.get(`/api/notifications${query}`).expect(200)).body as { items: DeliveryRow[] }).items;
const untilSettled = () => until(async () => (await deliveries()).every(({ state }) => state !== 'pending'));

it('tells of a failed run and of its recovery, signed for each secret', async () => {
  await start(
    { backup: nodeStep('backup', FAILS, 'name: Nightly backup\n') },
    { PUBLIC_URL: 'https://ci.example.com/jobato' },
  );
  const failed = await run('backup');
  await receiver.until(1);
  writeProject(folders, 'backup', nodeStep('backup', '0', 'name: Nightly backup\n'));
  const completed = await run('backup');
  await receiver.until(2);
  await run('backup'); // an ordinary success is not a recovery
  await untilSettled();

  expect(receiver.types()).toEqual(['run.failed', 'run.recovered']);
  const [first, second] = receiver.events();
  expect(first!.timestamp).toBe(failed.endedAt);
  expect(first!.data.text).toMatch(/^Nightly backup #1 failed at work \(exit 3\) after \d/);
  expect(first!.data).toMatchObject({
    projectId: 'backup',
    url: `https://ci.example.com/jobato/runs/${failed.runId}`,
    run: {
      runId: failed.runId,
      number: 1,
      status: 'failed',
      statusReason: 'step-failed',
      step: 'work',
      exitCode: 3,
      errorLines: ['no space left', 'on <b>device</b>'],
    },
  });
  expect(second!.data).toMatchObject({ run: { runId: completed.runId, number: 2, status: 'completed' } });
  for (const { body, headers } of receiver.received) {
    for (const secret of SECRETS)
      expect(() => new Webhook(secret).verify(body, headers as Record<string, string>)).not.toThrow();
    expect(headers['content-type']).toBe('application/json');
  }
  const listed = await deliveries();
  expect(listed.map(({ id }) => id)).toEqual(receiver.ids().reverse());
  expect(listed.map(({ kind, state, attempts }) => [kind, state, attempts])).toEqual([
    ['recovered', 'delivered', 1],
    ['failed', 'delivered', 1],
  ]);
});

it('repeats a failed delivery with the same id and body until it is accepted', async () => {
  await start({ backup: nodeStep('backup', FAILS) });
  receiver.answers.push(answering(500), answering(404), (_received, response) => void response.destroy());
  await run('backup');
  for (const [tries, waitMs] of [5_000, 10_000, 20_000].entries()) {
    await receiver.until(tries + 1);
    await until(async () => (await deliveries())[0]!.attempts === tries + 1);
    pass(waitMs);
  }
  await receiver.until(4);
  await untilSettled();
  expect(await deliveries()).toMatchObject([
    { state: 'delivered', attempts: 4, lastAnswer: { code: 'http' } },
  ]);
  expect(new Set(receiver.ids()).size).toBe(1);
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
});

it('waits as long as the receiver asks for, with all messages of the channel', async () => {
  await start({ one: nodeStep('one', FAILS), two: nodeStep('two', FAILS) });
  receiver.answers.push(answering(429, { 'retry-after': '90' }));
  await run('one');
  await receiver.until(1);
  await until(async () => (await deliveries())[0]!.attempts === 1);
  await run('two');
  pass(60_000);
  await jobato.api.post('/api/notifications/channels/ops/test').expect(200); // by a person, at once
  expect(receiver.types()).toEqual(['run.failed', 'test']);
  pass(31_000);
  await receiver.until(4);
  await untilSettled();
  expect(receiver.types().slice(2)).toEqual(['run.failed', 'run.failed']);
});

it.each([
  [302, 'a redirect, which Jobato does not follow'],
  [410, 'HTTP 410'],
])('gives up after %d', async (status, text) => {
  await start({ backup: nodeStep('backup', FAILS) });
  receiver.answers.push(answering(status, { location: receiver.url }));
  await run('backup');
  await untilSettled();
  const [{ lastAnswer, ...delivery }] = (await deliveries()) as [DeliveryRow];
  expect(delivery).toMatchObject({ state: 'failed', attempts: 1 });
  expect(lastAnswer!.text).toContain(text);
  expect(receiver.received).toHaveLength(1);
});

it('a receiver that does not answer delays no run and no other channel', async () => {
  const dead = await Receiver.start();
  dead.otherwise = () => undefined;
  await start(
    { backup: nodeStep('backup', FAILS) },
    { DEAD_URL: dead.url },
    `channels:
  - { id: dead, type: webhook, urlFrom: DEAD_URL, allowPrivate: true }
  - { id: ops, type: webhook, urlFrom: OPS_URL, allowPrivate: true }
defaults: [{ channel: dead, on: [failed] }, { channel: ops, on: [failed] }]
`,
  );
  for (let n = 1; n <= 6; n++) {
    await run('backup');
    await receiver.until(n);
  }
  expect(dead.received).toHaveLength(1); // messages about one project wait for each other
  await dead.stop();
});

it('the project file replaces the defaults, without another definition of the project', async () => {
  await start({ none: nodeStep('none', FAILS, 'notify: []\n'), loud: nodeStep('loud', '0') });
  const before = (await jobato.api.get('/api/projects/loud')).body as { definitionHash?: string };
  writeProject(
    folders,
    'loud',
    nodeStep('loud', '0', 'notify: [{ channel: ops, on: [started, completed] }]\n'),
  );
  await run('none');
  await run('loud');
  await receiver.until(2);
  await untilSettled();
  expect(receiver.types()).toEqual(['run.started', 'run.completed']);
  expect((await jobato.api.get('/api/projects/loud')).body).toMatchObject({
    definitionHash: before.definitionHash,
  });
});

it('reports channels that do not exist, with the line in the project file', async () => {
  await start({ backup: `notify:\n  - { channel: opps, on: [failed] }\n${nodeStep('backup', FAILS)}` });
  const { body } = await jobato.api.get('/api/projects/backup').expect(200);
  expect((body as { notes: string[] }).notes).toEqual([
    expect.stringMatching(/^Line 2: "notify" names channel "opps", which is not in .*notifications.yaml.$/),
  ]);
  await run('backup');
  expect(await deliveries()).toEqual([]);
});

it('keeps the last valid version of the file, and reads a correction', async () => {
  await start({ backup: nodeStep('backup', FAILS) });
  writeConfig(folders, 'notifications.yaml', 'channels: [{ id: ops }]');
  const problems = async () =>
    ((await jobato.api.get('/api/projects')).body as { problems: { file: string; line: number }[] }).problems;
  await until(async () => (await problems()).length > 0);
  expect(await problems()).toMatchObject([
    { file: expect.stringContaining('notifications.yaml') as string, line: 1 },
  ]);
  await run('backup');
  await receiver.until(1);
  writeConfig(folders, 'notifications.yaml', 'channels: []');
  await until(async () => (await problems()).length === 0);
  await run('backup');
  await untilSettled();
  expect(receiver.received).toHaveLength(1);
});

it('shows that a file that was invalid from the start creates no messages', async () => {
  await start({ backup: nodeStep('backup', FAILS) }, {}, 'channels: [{ id: ops }]');
  const { text } = await jobato.api.get('/notifications').expect(200);
  expect(text).toContain(
    'Until it is fixed, starts and ends of runs create no messages, and pending messages wait.',
  );
  expect(text).not.toContain('The last valid version stays in use.');
});

it('sends to private addresses only where the channel allows it', async () => {
  await start({ backup: nodeStep('backup', FAILS) }, {}, CHANNELS.replaceAll(', allowPrivate: true', ''));
  await run('backup');
  await untilSettled();
  const [delivery] = await deliveries();
  expect(delivery).toMatchObject({ state: 'failed', lastAnswer: { code: 'private-address' } });
  expect(delivery!.lastAnswer!.text).toContain('set "allowPrivate: true"');
  expect(receiver.received).toEqual([]);
});

it('tests a channel, and sends a delivery again on request', async () => {
  await start({ backup: nodeStep('backup', FAILS) }, { CHAT_URL: '' });
  const tested = await jobato.api.post('/api/notifications/channels/ops/test').expect(200);
  expect(tested.body).toMatchObject({
    kind: 'test',
    state: 'delivered',
    lastAnswer: { status: 200, text: 'HTTP 200: "ok"' },
  });
  receiver.answers.push(answering(500));
  const refused = await jobato.api.post('/api/notifications/channels/ops/test').expect(200);
  expect(refused.body).toMatchObject({ state: 'failed', attempts: 1, lastAnswer: { status: 500 } });
  await jobato.api.post('/api/notifications/channels/other/test').expect(404);
  const unready = await jobato.api.post('/api/notifications/channels/chat/test').expect(409);
  expect(unready.body).toMatchObject({
    errorCode: 'CHANNEL_NOT_READY',
    detail: expect.stringContaining('CHAT_URL is not set') as string,
  });

  const { id } = tested.body as DeliveryRow;
  await jobato.api.post(`/api/notifications/${id}/resend`).expect(202);
  await receiver.until(3);
  await untilSettled();
  expect(receiver.ids().filter((sent) => sent === id)).toHaveLength(2);
  await jobato.api.post('/api/notifications/other/resend').expect(404);
  writeConfig(folders, 'notifications.yaml', 'channels: []');
  await until(async () => (await jobato.api.post(`/api/notifications/${id}/resend`)).status === 409);
});

it('pages through deliveries and filters them', async () => {
  await start({ one: nodeStep('one', FAILS), two: nodeStep('two', FAILS) });
  for (const projectId of ['one', 'two', 'one']) await run(projectId);
  await untilSettled();
  const page = (await jobato.api.get('/api/notifications?limit=2').expect(200)).body as {
    items: DeliveryRow[];
    nextCursor: string;
  };
  const rest = await jobato.api.get(`/api/notifications?limit=2&cursor=${page.nextCursor}`).expect(200);
  const all = [...page.items, ...(rest.body as { items: DeliveryRow[] }).items];
  expect(all.map((item) => [item.kind, (item as unknown as { number: number }).number])).toEqual([
    ['failed', 2],
    ['failed', 1],
    ['failed', 1],
  ]);
  expect(await deliveries('?projectId=two')).toHaveLength(1);
  expect(await deliveries('?channel=chat')).toEqual([]);
  expect(await deliveries('?state=delivered')).toHaveLength(3);
  await jobato.api.get('/api/notifications?state=lost').expect(400);
});

it('waits for a variable that is missing, and says which', async () => {
  await start({ backup: nodeStep('backup', FAILS) }, { OPS_URL: '', OPS_URL_FILE: '/nowhere/url' });
  await run('backup');
  await until(async () => (await deliveries())[0]?.attempts === 1);
  const { body } = await jobato.api.get('/api/notifications/channels').expect(200);
  expect(body).toMatchObject({
    items: [
      {
        id: 'ops',
        failing: true,
        pending: 1,
        problem: 'OPS_URL_FILE: /nowhere/url does not exist. Create the file, or correct the path',
      },
      { id: 'chat', failing: false },
    ],
  });
});

it('keeps URLs and secrets out of answers, the database and steps', async () => {
  const reads = nodeStep(
    'reads',
    'console.log(JSON.stringify(process.env)); process.exit(1)',
    'passEnv: [OPS_URL]\npassPlainEnv: [OPS_SECRET]\n',
  );
  await start({ reads });
  receiver.otherwise = ({ path, headers }, response) =>
    void response
      .writeHead(500)
      .end(`Cannot POST ${path}: ${receiver.url} ${SECRETS[0]} ${String(headers['webhook-id'])}`);
  const { runId } = await run('reads');
  await until(async () => (await deliveries())[0]?.attempts === 1);
  const texts = [
    (await jobato.api.get('/api/notifications')).text,
    (await jobato.api.get('/api/notifications/channels')).text,
    (await jobato.api.get(`/api/runs/${runId}/logs`).set('accept', 'text/plain')).text,
  ];
  const database = readdirSync(join(folders.dataDir, 'db')).map((file) =>
    readFileSync(join(folders.dataDir, 'db', file), 'latin1'),
  );
  for (const text of [...texts, ...database]) {
    for (const secret of [...SECRETS, receiver.url, '0123456789']) expect(text).not.toContain(secret);
  }
  const { body } = await jobato.api.get('/api/projects/reads').expect(200);
  expect((body as { notes: string[] }).notes.join()).toContain('OPS_URL is not passed to steps');
});

it('posts to a chat what Slack, Mattermost and Discord accept', async () => {
  await start(
    { backup: nodeStep('backup', FAILS, 'notify: [{ channel: chat, on: [failed] }]\n') },
    { PUBLIC_URL: 'https://ci.example.com' },
  );
  const { runId } = await run('backup');
  await receiver.until(1);
  await untilSettled();
  const { text, attachments } = JSON.parse(receiver.received[0]!.body) as {
    text: string;
    attachments: { text: string }[];
  };
  expect(text).toMatch(
    new RegExp(`^<https://ci.example.com/runs/${runId}\\|backup #1 failed at work \\(exit 3\\) after .*>$`),
  );
  expect(attachments[0]!.text).toContain('```\nno space left\non &lt;b&gt;device&lt;/b&gt;\n```');
  expect(receiver.received[0]!.headers).not.toHaveProperty('webhook-signature');
});

it('gives up the oldest of too many waiting messages', async () => {
  await start({ backup: nodeStep('backup', '0') });
  receiver.otherwise = answering(500);
  const rows = Array.from(
    { length: 1100 },
    (_, index) =>
      `('d${index}', 'ops', 'failed', 'p${index}', '${JSON.stringify({ at: '2026-03-01T10:00:00.000Z', projectName: 'P', run: null, condition: null })}', '2026-03-01T10:00:00.000Z', 'pending', 1, 0, ${Date.now() + 600_000 + index})`,
  );
  await jobato.app.get(Database).write(async (tx, inputs: string[]) => {
    await tx.query(
      `INSERT INTO notification_deliveries (id, channel_id, kind, project_id, facts, created_at, state, attempts, waited_ms, due_at_ms) VALUES ${inputs[0]}`,
    );
    return inputs;
  }, rows.join(', '));
  await run('backup');
  await until(async () => (await deliveries('?state=failed&limit=200')).length === 100);
  expect((await deliveries('?state=failed&limit=1'))[0]).toMatchObject({
    id: 'd99',
    lastAnswer: { code: 'crowded-out' },
  });
});

it('keeps ended deliveries for 30 days, and at most 10,000', async () => {
  await start({ backup: nodeStep('backup', '0') });
  const now = Date.now();
  const ended = (id: string, daysAgo: number) =>
    `('${id}', 'ops', 'failed', '{}', '', '${new Date(now - daysAgo * 86_400_000).toISOString()}', 'failed', 1, 0, 0)`;
  const rows = [
    ...Array.from({ length: 10_700 }, (_, index) => ended(`new${index}`, 1 + (10_700 - index) / 1e6)),
    ...Array.from({ length: 600 }, (_, index) => ended(`old${index}`, 31)),
  ];
  await jobato.app.get(Database).write(async (tx, inputs: string[]) => {
    await tx.query(
      `INSERT INTO notification_deliveries (id, channel_id, kind, facts, created_at, ended_at, state, attempts, waited_ms, due_at_ms) VALUES ${inputs[0]}`,
    );
    return inputs;
  }, rows.join(', '));
  await jobato.app.get(DeliveryHousekeeping).tidy();
  const left = await jobato.app
    .get(Database)
    .read.query<{ id: string }>('SELECT id FROM notification_deliveries ORDER BY ended_at');
  expect(left).toHaveLength(10_000);
  expect(left[0]!.id).toBe('new700');
});

describe('after a restart', () => {
  it('sends what an open request left undone, once', async () => {
    await start({ backup: nodeStep('backup', FAILS) });
    receiver.otherwise = () => undefined; // the request is open when the server stops
    await run('backup');
    await receiver.until(1);
    await jobato.stop();
    receiver.otherwise = accepts;
    jobato = await RunningApp.start(folders, { OPS_URL: receiver.url, OPS_SECRET: SECRETS[0]! });
    await receiver.until(2);
    await untilSettled();
    expect(await deliveries()).toMatchObject([{ state: 'delivered', attempts: 1 }]);
    expect(new Set(receiver.ids()).size).toBe(1);
  });
});
