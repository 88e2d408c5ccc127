import { Belongings, gone, inDatabase, within, RECOVERS_WITHIN_MS } from '../support/crash';
import { nodeStep, writeConfig } from '../support/jobato';
import { Receiver } from '../support/receiver';
import { until } from '../support/until';

const CHANNELS = `channels: [{ id: ops, type: webhook, urlFrom: OPS_URL, allowPrivate: true }]
defaults: [{ channel: ops, on: [started, failed, long] }]
`;
const belongings = new Belongings();
let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  await belongings.clear();
  await receiver.stop();
});

const statesOf = (folders: Parameters<typeof inDatabase>[0]) =>
  inDatabase(folders, (database) =>
    database.prepare('SELECT kind, state FROM notification_deliveries ORDER BY position').all(),
  );

it('a server that is killed between the answer and its record sends again with the same id', async () => {
  const folders = belongings.makeFolders({
    fails: nodeStep('fails', 'process.exit(1)', 'notify: [{ channel: ops, on: [failed] }]\n'),
  });
  writeConfig(folders, 'notifications.yaml', CHANNELS);
  const environment = { OPS_URL: receiver.url };
  const point = 'after a notification is answered, before that is stored';
  const crashing = await belongings.startCrashing(folders, point, environment);
  await crashing.trigger('fails');
  await gone(crashing);
  expect(receiver.types()).toEqual(['run.failed']);
  expect(statesOf(folders)).toEqual([{ kind: 'failed', state: 'pending' }]);

  await belongings.start(folders, environment);
  await within(RECOVERS_WITHIN_MS, 'the second request', receiver.until(2));
  await until(() => JSON.stringify(statesOf(folders)).includes('delivered'));
  expect(receiver.types()).toEqual(['run.failed', 'run.failed']);
  expect(new Set(receiver.ids()).size).toBe(1);
  expect(receiver.received[0]!.body).toBe(receiver.received[1]!.body);
});

it('a killed server announces a condition once, and clears it once', async () => {
  const folders = belongings.makeFolders({
    waits: nodeStep(
      'waits',
      'setInterval(() => {}, 1000)',
      'longAfterSeconds: 0.1\nretry: { maxAttempts: 5 }\n',
    ),
  });
  writeConfig(folders, 'notifications.yaml', CHANNELS);
  const environment = { OPS_URL: receiver.url };
  const first = await belongings.start(folders, environment);
  const { runId } = await first.trigger('waits');
  await within(RECOVERS_WITHIN_MS, 'the announcement', receiver.until(2));
  await until(() => !JSON.stringify(statesOf(folders)).includes('pending'));
  await first.end('SIGKILL');

  const second = await belongings.start(folders, environment);
  await second.until(runId, ({ attempt }) => attempt === 2);
  await fetch(`${second.url}/api/runs/${runId}`, { method: 'DELETE' });
  await second.untilEnded(runId);
  await within(RECOVERS_WITHIN_MS, 'the clearance', receiver.until(3));
  expect(receiver.types()).toEqual(['run.started', 'run.long', 'run.long.cleared']);
  expect(
    inDatabase(folders, (database) => database.prepare('SELECT * FROM notification_conditions').all()),
  ).toEqual([]);
});
