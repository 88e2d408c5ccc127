import { join } from 'node:path';
import { Belongings, livingOf } from './support/crash';
import { nodeStep } from './support/jobato';
import { repetitions } from './support/repetitions';

const WAITS = "console.log('ready'); setInterval(() => {}, 1000)";
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;
const ERRING_SERVER = join(__dirname, 'support', 'erring-server.cjs');

describe('end of the server process', () => {
  const belongings = new Belongings();
  afterEach(() => belongings.clear());

  it.each(SIGNALS.slice(0, repetitions(2, SIGNALS.length)))(
    'stops the server and its steps cleanly on %s',
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

  it('stops the server and its steps after an uncaught error', async () => {
    const folders = belongings.makeFolders({ waits: nodeStep('waits', WAITS) });
    const server = await belongings.start(folders, {}, ERRING_SERVER);
    const { runId } = await server.trigger('waits');
    await server.untilLogged(runId, 'ready');
    expect(await server.end('SIGUSR2')).toBe(1);
    expect(livingOf(folders)).toEqual([]);
    expect(server.output.join('\n')).toContain('raised by the test');
  });
});
