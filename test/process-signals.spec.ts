import { join } from 'node:path';
import { Belongings, eventually, livingOf } from './support/crash';
import { nodeStep } from './support/jobato';
import { WorkerChild } from './support/worker-child';

const WAITS = "console.log('ready'); setInterval(() => {}, 1000)";
const ERRING_SERVER = join(__dirname, 'support', 'erring-server.cjs');

describe('the end of a process that carries out steps', () => {
  const belongings = new Belongings();
  afterEach(() => belongings.clear());

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)(
    'stops the server cleanly on %s, with its steps',
    async (signal) => {
      const folders = belongings.makeFolders({ waits: nodeStep('waits', WAITS) });
      const server = await belongings.start(folders);
      const { runId } = await server.trigger('waits');
      await server.untilLogged(runId, 'ready');
      expect(await server.end(signal)).toBe(0);
      expect(livingOf(folders)).toEqual([]);
      expect(server.output.join('\n')).toContain(`${signal}: stopping`);
    },
  );

  it('stops the server after an error that nothing catches, and leaves no step behind', async () => {
    const folders = belongings.makeFolders({ waits: nodeStep('waits', WAITS) });
    const server = await belongings.start(folders, {}, ERRING_SERVER);
    const { runId } = await server.trigger('waits');
    await server.untilLogged(runId, 'ready');
    expect(await server.end('SIGUSR2')).toBe(1);
    expect(livingOf(folders)).toEqual([]);
    expect(server.output.join('\n')).toContain('raised by the test');
  });

  it('stops a worker process cleanly on SIGHUP, with its steps', async () => {
    const folders = belongings.makeFolders({ waits: nodeStep('waits', WAITS) });
    const server = await belongings.start(folders, { WORKER: 'off', JOBATO_API_KEY: 'a-key-of-this-test' });
    const worker = await WorkerChild.start({
      DATA_DIR: join(folders.root, 'worker'),
      CONFIG_DIR: folders.configDir,
      JOBATO_URL: server.url,
      JOBATO_API_KEY: 'a-key-of-this-test',
      WORKER_DRAIN_SECONDS: '0',
    });
    try {
      const { runId } = await server.trigger('waits');
      await server.untilLogged(runId, 'ready');
      expect(await worker.end('SIGHUP')).toBe(0);
      expect(livingOf(folders)).toEqual([]);
      await eventually('the end of the run', async () => (await server.get(runId)).status !== 'running');
    } finally {
      await worker.end('SIGKILL');
    }
  });
});
