import { rmSync } from 'node:fs';
import { expectProblem } from '../support/expect-problem';
import { type Folders, makeFolders, nodeStep, ServerProcess } from '../support/jobato';
import { canMount, SmallDisk } from '../support/small-disk';

const WAITS = `console.log('ready'); setInterval(() => {}, 1000)`;

/** Uses a real file system that is really full. */
(canMount ? describe : describe.skip)('full disk', () => {
  let folders: Folders;
  let disk: SmallDisk;
  let server: ServerProcess | null;
  beforeEach(() => {
    folders = makeFolders({
      talks: nodeStep('talks', `console.log('a line')`),
      waits: nodeStep('waits', WAITS, 'retry: { maxAttempts: 2 }\n'),
    });
    disk = SmallDisk.mount(folders.dataDir);
    server = null;
  });
  afterEach(async () => {
    await server?.end('SIGKILL');
    disk.unmount();
    rmSync(folders.root, { recursive: true, force: true });
  });

  const trigger = (projectId: string) =>
    fetch(`${server!.url}/api/projects/${projectId}/runs`, { method: 'POST' });
  const isReady = async () => (await fetch(`${server!.url}/api/health/ready`)).status === 200;
  const untilReady = async () => {
    while (!(await isReady()));
  };

  it('returns 507 with the reason for writes and recovers once there is space', async () => {
    server = await ServerProcess.start(folders);
    disk.fill();
    const problem = await expectProblem(await trigger('talks'), 507, 'STORAGE_FULL');
    expect(problem.detail).toMatch(/disk is full/);
    const health = await fetch(`${server.url}/api/health`);
    expect([health.status, await health.text()]).toEqual([503, expect.stringContaining('disk is full')]);
    expect(await isReady()).toBe(false);
    expect((await fetch(`${server.url}/api/health/live`)).status).toBe(200);
    expect((await fetch(`${server.url}/api/runs`)).status).toBe(200);

    disk.makeRoom();
    await untilReady();
    expect((await trigger('talks')).status).toBe(201);
  });

  it('allows the server to start and read, and recovers once there is space', async () => {
    server = await ServerProcess.start(folders);
    const ended = await server.trigger('talks');
    await server.until(ended.runId, ({ status }) => status === 'completed');
    expect(await server.end('SIGTERM')).toBe(0);
    disk.fill();

    server = await ServerProcess.start(folders);
    for (const path of ['/', `/runs/${ended.runId}`, '/api/runs', `/api/runs/${ended.runId}`]) {
      expect([path, (await fetch(`${server.url}${path}`)).status]).toEqual([path, 200]);
    }
    expect(await (await fetch(`${server.url}/api/runs/${ended.runId}/logs`)).text()).toBe('a line\n');
    disk.fill();
    await expectProblem(await trigger('talks'), 507, 'STORAGE_FULL');

    disk.makeRoom();
    await untilReady();
    const next = await server.trigger('talks');
    await server.until(next.runId, ({ status }) => status === 'completed');
  });

  it("delays the next attempt of a killed server's runs only until there is space", async () => {
    server = await ServerProcess.start(folders);
    const { runId } = await server.trigger('waits');
    await server.untilLogged(runId, 'ready');
    await server.end('SIGKILL');
    disk.fill();

    server = await ServerProcess.start(folders);
    expect((await server.get(runId)).status).toBe('running');
    disk.makeRoom();
    await server.until(runId, ({ attempt, steps }) => attempt === 2 && steps[0]?.status === 'running');
  });
});
