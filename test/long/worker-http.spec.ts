import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Belongings, eventsOf, livingOf } from '../support/crash';
import { LossyProxy } from '../support/lossy-proxy';
import { until } from '../support/until';
import { WorkerChild } from '../support/worker-child';
import { describeWorker, Installation } from '../worker.contract';

describeWorker('HTTP', () => ({}));

describe('run of a worker process', () => {
  let all: Installation;
  beforeAll(async () => {
    all = new Installation(() => ({}));
    await all.startServer();
  });
  afterEach(() => all.endWorkers());
  afterAll(() => all.clear());

  it('is executed in its first attempt if the response to the claim is lost', async () => {
    const proxy = await LossyProxy.start(
      all.server.url,
      (path, status, lost) => path.endsWith('/runs/claim') && status === 200 && lost === 0,
    );
    try {
      await all.startWorker({ JOBATO_URL: proxy.url });
      const { runId } = await all.server.trigger('fails');
      expect(await all.server.untilEnded(runId)).toMatchObject({ statusReason: 'step-failed', attempt: 1 });
      expect(proxy.lost).toBe(1);
      const events = await eventsOf(all.server, runId);
      expect(events.filter(({ eventType }) => eventType === 'run.requested')).toHaveLength(1);
    } finally {
      await proxy.stop();
    }
  });

  it("has step files that are private to the worker's user", async () => {
    const dataDir = join(all.folders.dataDir, 'made', 'by-worker');
    await all.startWorker({ DATA_DIR: dataDir });
    const { runId } = await all.server.trigger('once');
    await all.untilHeld(runId);
    await until(() => existsSync(join(dataDir, 'worker-1', 'runs', runId)));
    const modes = (...path: string[]) =>
      Object.fromEntries(
        readdirSync(join(dataDir, ...path), { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => [name, (statSync(join(dataDir, ...path, name)).mode & 0o777).toString(8)]),
      );
    expect((statSync(dataDir).mode & 0o777).toString(8)).toBe('711');
    // The folder of captured pages follows the umask, and is made after the others.
    const { html = '755', ...above } = modes();
    expect(html).toBe('755');
    expect(above).toEqual({ work: '700', 'worker-1': '711' });
    // While a step starts, the folder of its pipes is there too.
    const { pipes = '700', ...folders } = modes('worker-1');
    expect(pipes).toBe('700');
    expect(folders).toEqual({ held: '700', processes: '700', runs: '700' });
    expect(modes('worker-1', 'runs')).toEqual({ [runId]: '700' });
    await all.stop(runId);
    await all.server.untilEnded(runId);
  });

  it('ends with the worker on SIGHUP without remaining processes', async () => {
    const worker = await all.startWorker({ WORKER_DRAIN_SECONDS: '0' });
    const { runId } = await all.server.trigger('once');
    await all.server.untilLogged(runId, 'attempt 1');
    expect(await worker.end('SIGHUP')).toBe(0);
    expect(livingOf(all.folders)).toEqual([]);
    await all.server.untilEnded(runId);
  });

  it('is completed or returned if the worker stops when it arrives', async () => {
    for (let round = 0; round < 4; round++) {
      const worker = await all.startWorker({ WORKER_DRAIN_SECONDS: '15' });
      const [{ runId }, code] = await Promise.all([all.server.trigger('brief'), worker.end('SIGTERM')]);
      expect(code).toBe(0);
      const run = await all.server.get(runId);
      const isDone = run.status === 'completed';
      expect({ ...run, isDone }).toMatchObject(
        isDone
          ? { attempt: 1 }
          : { status: 'running', attempt: 1, workerId: null, steps: [{ status: 'pending' }] },
      );
      if (!isDone) await all.stop(runId);
    }
  });
});

describe('misconfigured worker process', () => {
  const belongings = new Belongings();
  afterAll(() => belongings.clear());

  it('does not start without a key', async () => {
    const { dataDir, configDir } = belongings.makeFolders({});
    const worker = WorkerChild.spawn({ DATA_DIR: dataDir, CONFIG_DIR: configDir });
    expect(await worker.ended()).toBe(1);
    expect(worker.output.join('\n')).toMatch(/JOBATO_API_KEY is not set/);
    expect(worker.output.join('\n')).not.toMatch(/at .*\.js:\d/);
  });

  it('reports a wrong key and keeps trying', async () => {
    const all = new Installation(() => ({}));
    try {
      await all.startServer();
      const worker = await all.startWorker({ JOBATO_API_KEY: 'no-key-of-theirs' });
      await worker.says(/Claiming runs failed.*UNAUTHORIZED/);
      expect(await worker.end('SIGTERM')).toBe(0);
    } finally {
      await all.clear();
    }
  });
});
