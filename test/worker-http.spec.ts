import { Belongings } from './support/crash';
import { WorkerChild } from './support/worker-child';
import { describeWorker, Installation } from './worker.contract';

describeWorker('HTTP', () => ({}));

describe('a worker process that cannot do its work says why', () => {
  const belongings = new Belongings();
  afterAll(() => belongings.clear());

  it('without a key it does not start', async () => {
    const { dataDir, configDir } = belongings.makeFolders({});
    const worker = WorkerChild.spawn({ DATA_DIR: dataDir, CONFIG_DIR: configDir });
    expect(await worker.ended()).toBe(1);
    expect(worker.output.join('\n')).toMatch(/JOBATO_API_KEY is not set/);
    expect(worker.output.join('\n')).not.toMatch(/at .*\.js:\d/);
  });

  it('with a wrong key it tries on', async () => {
    const all = new Installation(() => ({}));
    try {
      await all.startServer();
      const worker = await all.startWorker({ JOBATO_API_KEY: 'no-key-of-theirs' });
      await worker.says(/Runs cannot be taken.*UNAUTHORIZED/);
      expect(await worker.end('SIGTERM')).toBe(0);
    } finally {
      await all.clear();
    }
  });
});
