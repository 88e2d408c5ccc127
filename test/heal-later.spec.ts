import { Writer } from '../src/database/writer';
import { RunRepository } from '../src/runs/run.repository';
import { Belongings, eventually, livingOf } from './support/crash';
import { nodeStep, RunningApp } from './support/jobato';

const WAITS = "console.log('ready'); setInterval(() => {}, 1000)";

/** Makes every release of a run fail as with a locked database. */
function refuseReleases(): { tries: number; isLocked: boolean } {
  const state = { tries: 0, isLocked: true };
  const write: Writer['write'] = Reflect.get(Writer.prototype, 'write');
  jest.spyOn(Writer.prototype, 'write').mockImplementation(function (this: Writer, command, input) {
    const { command: asked } = input as { command?: { type: string } };
    if (!state.isLocked || asked?.type !== 'lose-worker') return write.call(this, command, input);
    state.tries++;
    return Promise.reject(Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' }));
  });
  return state;
}

describe('server start with an unwritable database', () => {
  const belongings = new Belongings();
  let jobato: RunningApp | null = null;
  afterEach(async () => {
    jest.restoreAllMocks();
    await jobato?.stop();
    await belongings.clear();
  });

  it('recovers when writes work again, and claims no run before', async () => {
    const folders = belongings.makeFolders({
      waits: nodeStep('waits', WAITS),
      greets: nodeStep('greets', "console.log('hello')"),
    });
    const server = await belongings.start(folders);
    const { runId: interrupted } = await server.trigger('waits');
    await server.untilLogged(interrupted, 'ready');
    await server.end('SIGKILL');

    const releases = refuseReleases();
    jobato = await RunningApp.start(folders);
    const { runId: next } = await jobato.trigger('greets');
    await eventually('a second try', () => releases.tries >= 2);
    expect(livingOf(folders)).toEqual([]);
    expect(await jobato.app.get(RunRepository).get(next)).toMatchObject({
      status: 'running',
      workerId: null,
    });
    expect(await jobato.app.get(RunRepository).get(interrupted)).toMatchObject({ status: 'running' });

    releases.isLocked = false;
    expect(await jobato.untilEnded(interrupted)).toMatchObject({
      status: 'failed',
      statusReason: 'worker-lost',
    });
    expect(await jobato.untilEnded(next)).toMatchObject({ status: 'completed' });
  });
});
