import type { RunView } from '../../src/runs/run-view';
import { Belongings, logOf } from '../support/crash';
import { nodeStep, type ServerProcess } from '../support/jobato';
import { type ProxiedCall, RefusingProxy } from '../support/refusing-proxy';
import { WorkerChild } from '../support/worker-child';

const KEY = 'first-key-of-the-workers';
const SAYS = `const fs = require('fs'); const say = (report) => fs.writeSync(3, JSON.stringify(report) + '\\n');
  const file = (name) => { fs.writeFileSync(process.env.JOBATO_RUN_DIR + '/' + name, 'content'); say({ artifact: { path: name } }); };`;

const PROJECTS = {
  makes: nodeStep('makes', `${SAYS} file('first.txt'); file('report.html'); file('last.txt')`),
  counts: nodeStep(
    'counts',
    `${SAYS} say({ metrics: { kept: 1 } }); setTimeout(() => say({ metrics: { refused: 2 } }), 500)`,
  ),
  prints: nodeStep('prints', `console.log('before'); setTimeout(() => console.log('unwanted'), 500)`),
  stopped: nodeStep(
    'stopped',
    `${SAYS} file('report.html'); console.log('made'); setInterval(() => {}, 1000)`,
  ),
};

describe('worker process behind a proxy that rejects calls', () => {
  const belongings = new Belongings();
  const folders = belongings.makeFolders(PROJECTS);
  let server: ServerProcess;
  let proxy: RefusingProxy;
  let worker: WorkerChild;
  beforeAll(async () => {
    server = await belongings.start(folders, { WORKER: 'off', JOBATO_API_KEY: KEY });
    proxy = await RefusingProxy.start(() => server.url);
    worker = await WorkerChild.start({
      JOBATO_URL: proxy.url,
      JOBATO_API_KEY: KEY,
      DATA_DIR: `${folders.dataDir}-of-worker`,
      CONFIG_DIR: folders.configDir,
    });
  });
  afterAll(async () => {
    await worker.end('SIGKILL');
    await proxy.stop();
    await belongings.clear();
  });

  async function carriedOut(
    projectId: string,
    refuse: (call: ProxiedCall) => number | null,
  ): Promise<RunView> {
    proxy.refuse = refuse;
    const { runId } = await server.trigger(projectId);
    return server.untilEnded(runId);
  }
  const isUploadOf = (name: string) => (call: ProxiedCall) =>
    call.method === 'PUT' && call.path.endsWith(name);

  it('ends the run as partial if an artifact is rejected and names it in the log', async () => {
    const run = await carriedOut('makes', (call) => (isUploadOf('report.html')(call) ? 413 : null));
    expect(run).toMatchObject({ status: 'partial', statusReason: 'artifact-missing', error: null });
    expect(run.artifacts.map(({ name }) => name)).toEqual(['first.txt', 'last.txt']);
    expect(proxy.refused.filter(isUploadOf('report.html'))).toHaveLength(1);
    expect(await logOf(server, run.runId)).toEqual([
      expect.stringMatching(/^An artifact is missing from this run: uploading "report\.html" failed: 413 /),
    ]);
  });

  it('ends the run as partial if an event is rejected and names it in the log', async () => {
    const run = await carriedOut('counts', ({ path, body }) =>
      path.endsWith('/events') && body.includes('"refused":2') ? 413 : null,
    );
    expect(run).toMatchObject({ status: 'partial', statusReason: 'events-rejected', summary: { kept: 1 } });
    expect(await logOf(server, run.runId)).toContainEqual(
      expect.stringMatching(/^The server rejected run\.progress: 413 /),
    );
  });

  it('ends the run as partial if log lines are rejected and marks the gap', async () => {
    const run = await carriedOut('prints', ({ path, body }) =>
      path.endsWith('/logs') && body.includes('unwanted') ? 413 : null,
    );
    expect(run).toMatchObject({ status: 'partial', statusReason: 'log-incomplete' });
    expect(await logOf(server, run.runId)).toEqual([
      'before',
      expect.stringMatching(/^Log lines are missing here: 413 /),
    ]);
  });

  it('fails the run at once if its end is rejected', async () => {
    const run = await carriedOut('prints', ({ path, body }) =>
      path.endsWith('/events') && body.includes('run.completed') && !body.includes('run.failed') ? 413 : null,
    );
    expect(run).toMatchObject({
      status: 'failed',
      statusReason: 'worker-failed',
      error: { code: 'EVENT_REJECTED' },
    });
  });

  it('stops a run while its upload is retried after 408', async () => {
    let onRefused = () => {};
    const refused = new Promise<void>((resolve) => (onRefused = resolve));
    proxy.refuse = (call) => {
      if (!isUploadOf('report.html')(call)) return null;
      onRefused();
      return 408;
    };
    const { runId } = await server.trigger('stopped');
    await refused;
    await fetch(`${server.url}/api/runs/${runId}`, { method: 'DELETE' });
    const run = await server.untilEnded(runId);
    expect(run).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user', error: null });
  });
});
