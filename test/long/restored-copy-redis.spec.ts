import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HealthReport } from '../../src/health/health.service';
import type { RunView } from '../../src/runs/run-view';
import { CliProcess } from '../support/cli-process';
import { type Folders, makeFolders, nodeStep, ServerProcess, writeConfig } from '../support/jobato';
import { accepts, answering, Receiver } from '../support/receiver';
import { RedisServer } from '../support/redis';
import { until } from '../support/until';
import { WorkerChild } from '../support/worker-child';

const STREAM = 'ml:run-events';
const KEY = 'key-of-the-workers-1';
const RUNS = 12;
const CHANNELS = 'channels: [{ id: ops, type: webhook, urlFrom: OPS_URL, allowPrivate: true }]\n';

describe('a restored copy beside the original server, on the same stream', () => {
  let redis: RedisServer;
  let receiver: Receiver;
  let folders: Folders;
  let original: ServerProcess;
  let copy: ServerProcess | null = null;
  let worker: WorkerChild;
  const environment = () => ({
    WORKER: 'off',
    JOBATO_API_KEY: KEY,
    REDIS_URL: redis.url,
    OPS_URL: receiver.url,
  });
  const executions = () => readFileSync(join(folders.root, 'executions'), 'utf8').split('\n').filter(Boolean);
  const startCopy = () =>
    ServerProcess.start({ ...folders, dataDir: join(folders.root, 'copy') }, environment());
  const inCopy = async <Body>(path: string) => (await (await fetch(`${copy!.url}${path}`)).json()) as Body;
  const complete = (runId: string) =>
    redis
      .client()
      .xadd(
        STREAM,
        '*',
        ...['eventId', randomUUID(), 'eventType', 'run.completed', 'eventVersion', '1'],
        ...['occurredAt', new Date().toISOString(), 'runId', runId, 'payload', '{}'],
      );

  let before: RunView[];
  beforeAll(async () => {
    redis = await RedisServer.start({ persistent: true });
    receiver = await Receiver.start();
    receiver.otherwise = answering(503);
    folders = makeFolders({
      outside: 'id: outside\nexecutor: external\n',
      ticks: "id: ticks\nexecutor: external\nschedule: { cron: '* * * * * *', catchUp: true }\n",
      fails: nodeStep('fails', 'process.exit(1)', 'notify: [{ channel: ops, on: [failed] }]\n'),
      waits: nodeStep('waits', 'setInterval(() => {}, 1000)'),
    });
    const file = JSON.stringify(join(folders.root, 'executions'));
    appendFileSync(join(folders.root, 'executions'), '');
    for (const id of ['a', 'b'])
      appendFileSync(
        join(folders.configDir, 'projects', `${id}.yaml`),
        nodeStep(id, `fs.appendFileSync(${file}, process.env.JOBATO_RUN_ID + '\\n'); console.log('done')`),
      );
    writeConfig(folders, 'notifications.yaml', CHANNELS);
    original = await ServerProcess.start(folders, environment());
    worker = await WorkerChild.start({
      ...{ JOBATO_URL: original.url, JOBATO_API_KEY: KEY, REDIS_URL: redis.url, WORKER_CONCURRENCY: '2' },
      ...{ DATA_DIR: join(folders.root, 'worker'), CONFIG_DIR: folders.configDir },
    });
    before = [await original.trigger('outside'), await original.trigger('waits')];
    await original.until(before[1]!.runId, ({ workerId }) => workerId !== null);
    await original.trigger('fails');
    await until(() => receiver.received.length > 0);
    for (const [dataDir, ...args] of [
      [folders.dataDir, 'backup', join(folders.root, 'backup.tar')],
      [join(folders.root, 'copy'), 'restore', join(folders.root, 'backup.tar')],
    ] as const) {
      const { exitCode } = await CliProcess.start('bin/jobato.mjs', args, { DATA_DIR: dataDir }, folders.root)
        .ended;
      expect(exitCode).toBe(0);
    }
    receiver.otherwise = accepts;
    copy = await startCopy();
  });
  afterAll(async () => {
    await worker.end('SIGKILL');
    await original.end('SIGKILL');
    await copy?.end('SIGKILL');
    await redis.end();
    await receiver.stop();
  });

  it('takes no event and no request of the original', async () => {
    for (let count = 0; count < RUNS; count++) {
      const runs = await Promise.all(['a', 'b'].map((id) => original.trigger(id)));
      for (const { runId } of runs)
        expect(await original.untilEnded(runId)).toMatchObject({ status: 'completed', attempt: 1 });
    }
    expect(executions()).toHaveLength(2 * RUNS);
    expect(new Set(executions()).size).toBe(2 * RUNS);
    await complete(before[0]!.runId);
    expect(await original.untilEnded(before[0]!.runId)).toMatchObject({ status: 'completed' });
    expect(await original.get(before[1]!.runId)).toMatchObject({ status: 'running', attempt: 1 });
    for (const server of [original, copy!]) {
      const rejected = await (await fetch(`${server.url}/api/events/rejected`)).json();
      expect(rejected).toMatchObject({ items: [] });
    }
  });

  it('ends the runs that were active, and reports why it requests nothing', async () => {
    for (const { runId } of before)
      expect(await copy!.get(runId)).toMatchObject({ status: 'failed', statusReason: 'restored' });
    const { dependencies } = await inCopy<HealthReport>('/api/health');
    expect(dependencies.events!.message).toMatch(
      /does not use the event stream while the original server uses it/,
    );
    const isReport = (line: string) => line.includes('Reading the event stream failed');
    expect(copy!.output.filter(isReport)).toHaveLength(1);
    const { runId } = await copy!.trigger('a');
    await original.untilEnded((await original.trigger('b')).runId);
    expect(await copy!.get(runId)).toMatchObject({ status: 'running', workerId: null });
    expect(executions()).not.toContain(runId);
  });
  it('starts nothing by a schedule, and sends no message that was pending', async () => {
    const outcomes = async (server: ServerProcess) => {
      const response = await fetch(`${server.url}/api/projects/ticks/schedule/records?limit=50`);
      return ((await response.json()) as { items: { outcome: string }[] }).items.map(
        ({ outcome }) => outcome,
      );
    };
    const atFirst = (await outcomes(copy!)).filter((outcome) => outcome === 'started').length;
    await until(async () => (await outcomes(copy!)).includes('skipped-paused'));
    expect((await outcomes(copy!)).filter((outcome) => outcome === 'started')).toHaveLength(atFirst);
    const { paused } = await inCopy<{ paused: unknown }>('/api/schedules');
    expect(paused).toMatchObject({ pausedBy: 'restore' });

    const { items } = await inCopy<{ items: unknown }>('/api/notifications');
    expect(items).toMatchObject([{ state: 'failed' }]);
  });
});
