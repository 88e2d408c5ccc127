import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { type Folders, makeFolders, nodeStep, ServerProcess } from '../support/jobato';
import { until } from '../support/until';

describe('server process with large step output', () => {
  let folders: Folders;
  beforeEach(() => {
    folders = makeFolders({
      huge: nodeStep(
        'huge',
        `const block = ('x'.repeat(1023) + '\\n').repeat(1024);
         let left = Number(JSON.parse(process.env.JOBATO_PARAMS).megabytes);
         const more = () => { while (left > 0) { left--; if (!process.stdout.write(block)) return process.stdout.once('drain', more) } };
         more()`,
        'params:\n  megabytes: { type: integer, required: true }\n',
      ),
    });
  });
  afterEach(() => rmSync(folders.root, { recursive: true, force: true }));

  it('does not buffer for readers that stop reading, and is not blocked by them', async () => {
    const server = await ServerProcess.start(folders, { LOG_LIMIT_MB: '1000' });
    const memory = () =>
      Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))![1]) /
      1024;
    const { runId } = await server.trigger('huge', { params: { megabytes: 120 } });
    const readers = await Promise.all(
      ['text/event-stream', 'text/event-stream', 'text/plain'].map(async (accept) => {
        const sent = request(`${server.url}/api/runs/${runId}/logs`, { headers: { accept }, agent: false });
        sent.on('error', () => undefined).end();
        const [response] = (await once(sent, 'response')) as [IncomingMessage];
        response.on('error', () => undefined).pause(); // and never reads on
        return sent;
      }),
    );
    const { status } = await pollUntilEnded(server, runId);
    expect(status).toBe('completed');
    // The log has 120 MB. Lines buffered for slow readers would add to the memory of the cache and of Node.
    expect(memory()).toBeLessThan(450);
    const last = await fetch(`${server.url}/api/runs/${runId}/logs?after=${120 * 1024 - 1}`);
    expect(await last.text()).toBe(`${'x'.repeat(1023)}\n`);
    for (const sent of readers) sent.destroy();
    expect(await server.end('SIGTERM')).toBe(0);
  });

  it('cuts 200 MB of output at the default limit with one note and completes the step', async () => {
    const server = await ServerProcess.start(folders);
    const { runId } = await server.trigger('huge', { params: { megabytes: 200 } });
    const run = await server.untilEnded(runId);
    expect(run.status).toBe('completed');
    // The limit counts stored bytes, which are slightly more than the text.
    const after = 49 * 1024;
    const end = (await (await fetch(`${server.url}/api/runs/${runId}/logs?after=${after}`)).text())
      .trimEnd()
      .split('\n');
    expect(end.filter((line) => /limit of 50 MB/.test(line))).toEqual([end.at(-1)]);
    expect(end.length).toBeLessThanOrEqual(1025);
    await server.end('SIGTERM');
  });

  /** Polls the run over separate connections: a stream would also read the log. */
  async function pollUntilEnded(server: ServerProcess, runId: string) {
    await until(async () => (await server.get(runId)).status !== 'running');
    return server.get(runId);
  }
});
