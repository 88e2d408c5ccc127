import {
  Belongings,
  eventsOf,
  eventually,
  flawsOf,
  gone,
  inDatabase,
  logOf,
  requestsOnStream,
  untilQuiet,
} from '../support/crash';
import { nodeStep } from '../support/jobato';

const belongings = new Belongings();
afterEach(() => belongings.clear());

const project = (id: string) => nodeStep(id, "console.log('line 1')");

it('a restarted server publishes and executes runs left in the outbox', async () => {
  const folders = belongings.makeFolders({ a: project('a'), b: project('b'), c: project('c') });
  const runIds: string[] = [];
  for (const id of ['a', 'b', 'c']) {
    const crashing = await belongings
      .startCrashing(folders, 'before the request is published', { WORKER: 'off' })
      .catch(() => null);
    // From the second life on, the leftovers of the first one crash it, possibly before it listens.
    if (!crashing) continue;
    const run = await crashing.trigger(id).catch(() => null);
    if (run) runIds.push(run.runId);
    await gone(crashing);
  }
  const left = inDatabase(folders, (database) => database.prepare('SELECT run_id FROM outbox').all());
  expect(left.length).toBeGreaterThan(0);
  expect(runIds.length).toBeGreaterThan(0);

  const server = await belongings.start(folders);
  for (const runId of runIds) {
    expect(await server.untilEnded(runId)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await logOf(server, runId)).toEqual(['line 1']);
  }
  await untilQuiet(folders);
  expect(flawsOf(folders)).toEqual([]);
});

it('a restarted server publishes an external run left in the outbox once', async () => {
  const folders = belongings.makeFolders({ outside: 'id: outside\nexecutor: external\n' });
  const crashing = await belongings.startCrashing(folders, 'before the request is published');
  const { runId } = await crashing.trigger('outside');
  await gone(crashing);

  await belongings.start(folders);
  await untilQuiet(folders);
  expect(await requestsOnStream(folders, runId)).toBe(1);
});

it('a restarted server executes unclaimed runs and leaves external ones to their workers', async () => {
  const folders = belongings.makeFolders({
    steps: project('steps'),
    outside: 'id: outside\nexecutor: external\n',
  });
  const first = await belongings.start(folders, { WORKER: 'off' });
  const own = await first.trigger('steps');
  const foreign = await first.trigger('outside');
  await first.end('SIGKILL');
  const second = await belongings.start(folders, { WORKER: 'off' });
  await eventually(
    'the request to be published',
    async () => (await second.get(own.runId)).waiting?.code !== 'not-yet-published',
  );
  expect(await second.get(own.runId)).toMatchObject({
    status: 'running',
    attempt: 1,
    waiting: { code: 'no-worker-yet' },
  });
  await second.end('SIGTERM');

  const third = await belongings.start(folders);
  expect(await third.untilEnded(own.runId)).toMatchObject({ status: 'completed', attempt: 1 });
  expect(await logOf(third, own.runId)).toEqual(['line 1']);
  await untilQuiet(folders);
  expect(await third.get(foreign.runId)).toMatchObject({
    status: 'running',
    attempt: 1,
    workerId: null,
    waiting: { code: 'handed-out' },
  });
  const asked = (await eventsOf(third, foreign.runId)).filter(
    ({ eventType }) => eventType === 'run.requested',
  );
  expect(asked).toHaveLength(1);
  expect(flawsOf(folders)).toEqual([]);
});
