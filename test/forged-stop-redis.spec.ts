import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeStep, RunningApp } from './support/jobato';
import { RedisServer } from './support/redis';
import { until } from './support/until';
import { WorkerChild } from './support/worker-child';

const KEY = 'the-key-of-the-workers';
const WAITS_FOR_FILE = `
  process.chdir(process.env.JOBATO_WORK_DIR);
  fs.writeFileSync('started', '');
  const look = setInterval(() => { if (fs.existsSync('go')) { clearInterval(look); console.log('done'); } }, 10);`;

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.end());

/** Other programs can write to Redis too, so an entry proves no authority. */
describe.each(['embedded', 'process'] as const)('forged run.cancel.requested, worker: %s', (kind) => {
  let jobato: RunningApp;
  let worker: WorkerChild | null = null;
  beforeAll(async () => {
    const RUN_EVENTS_STREAM = `forged-${kind}:run-events`;
    jobato = await RunningApp.start(
      {
        waits: nodeStep('waits', WAITS_FOR_FILE),
        endless: nodeStep('endless', 'setInterval(() => {}, 1000)'),
      },
      {
        REDIS_URL: redis.url,
        RUN_EVENTS_STREAM,
        JOBATO_API_KEY: KEY,
        WORKER: kind === 'embedded' ? 'embedded' : 'off',
      },
    );
    if (kind === 'process')
      worker = await WorkerChild.start({
        JOBATO_URL: jobato.url,
        JOBATO_API_KEY: KEY,
        REDIS_URL: redis.url,
        RUN_EVENTS_STREAM,
        DATA_DIR: jobato.folders.dataDir,
        CONFIG_DIR: jobato.folders.configDir,
      });
  });
  afterAll(async () => {
    await worker?.end('SIGKILL');
    await jobato.stop();
  });

  const outcomes = async (runId: string) => {
    const { items } = (await (await jobato.fetch(`/api/runs/${runId}/events?limit=200`)).json()) as {
      items: { eventType: string; outcome: string }[];
    };
    return items.map(({ eventType, outcome }) => `${eventType} ${outcome}`);
  };

  it('does not stop the run', async () => {
    const workDir = join(jobato.folders.dataDir, 'work', 'waits');
    const { runId } = await jobato.trigger('waits');
    await until(() => existsSync(join(workDir, 'started')));
    await redis
      .client()
      .xadd(
        `forged-${kind}:run-events`,
        '*',
        ...['eventId', randomUUID(), 'eventType', 'run.cancel.requested', 'eventVersion', '1'],
        ...['occurredAt', new Date().toISOString(), 'runId', runId],
        ...['payload', JSON.stringify({ reason: 'cancelled-by-user', requestedBy: 'eve' })],
      );
    await until(async () => (await outcomes(runId)).includes('run.cancel.requested not-from-server'));
    writeFileSync(join(workDir, 'go'), '');
    expect(await jobato.untilEnded(runId)).toMatchObject({ status: 'completed', cancelRequestedAt: null });
  });

  it('does not block a requested stop', async () => {
    const { runId } = await jobato.trigger('endless');
    await until(async () => (await outcomes(runId)).some((each) => each.startsWith('run.progress')));
    expect((await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' })).status).toBe(202);
    expect(await jobato.untilEnded(runId)).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
    });
  });
});
