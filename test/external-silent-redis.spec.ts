import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunView } from '../src/runs/run-view';
import { eventually } from './support/crash';
import { RunningApp } from './support/jobato';
import { RedisServer } from './support/redis';
import { externalProject } from './support/worker-api';

/** Controls test/support/silent-worker.mjs. */
class SilentWorker {
  private readonly child: ChildProcess;
  private readonly heard: string[] = [];

  constructor(environment: Record<string, string>) {
    this.child = spawn(process.execPath, [join(__dirname, 'support', 'silent-worker.mjs')], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.heard.push(line));
  }

  hears(eventType: string, runId: string, times = 1): Promise<void> {
    const line = `${eventType} ${runId}`;
    return eventually(
      `the worker to hear ${line}`,
      () => this.heard.filter((one) => one === line).length >= times,
    );
  }

  /** Makes the worker report the end of the run that was requested last. */
  finish(): void {
    this.child.stdin!.write('\n');
  }

  async end(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

describe('worker on Redis without a group that reports only at the end', () => {
  let redis: RedisServer;
  let jobato: RunningApp;
  let worker: SilentWorker;
  beforeAll(async () => {
    redis = await RedisServer.start();
    const environment = { REDIS_URL: redis.url, RUN_EVENTS_STREAM: 'ml:run-events' };
    jobato = await RunningApp.start({ silent: externalProject('silent') }, environment);
    worker = new SilentWorker(environment);
  });
  afterAll(async () => {
    await worker.end();
    await jobato.stop();
    await redis.end();
  });

  const view = async (runId: string) => (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as RunView;

  it('completes its run, and the next run is shown as handed out', async () => {
    const first = await jobato.trigger('silent');
    await worker.hears('run.requested', first.runId);
    worker.finish();
    expect(await jobato.untilEnded(first.runId)).toMatchObject({ status: 'completed', claimedAt: null });

    const { runId } = await jobato.trigger('silent');
    await worker.hears('run.requested', runId);
    await eventually(
      'the request to be noted',
      async () => (await view(runId)).waiting?.code === 'handed-out',
    );
    expect((await view(runId)).waiting!.typicalMs).not.toBeNull();

    const asked = await jobato.fetch(`/api/runs/${runId}/ask-again`, { method: 'POST' });
    expect(asked.status).toBe(202);
    await worker.hears('run.requested', runId, 2);

    const stopped = await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    expect(await stopped.json()).toMatchObject({ status: 'cancelled', error: { code: 'STOP_UNCONFIRMED' } });
    await worker.hears('run.cancel.requested', runId);
    // The worker continues despite the stop.
    worker.finish();
    await eventually('its late report', async () => {
      const page = await (await jobato.fetch(`/runs/${runId}`)).text();
      return page.includes('The worker reported “completed” at');
    });
    expect(await view(runId)).toMatchObject({ status: 'cancelled', summary: { newJobsCount: null } });
  });
});
