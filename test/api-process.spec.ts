import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Folders, makeFolders, nodeStep, ServerProcess } from './support/jobato';

const ROOT = join(__dirname, '..');
const WAITS = "console.log('ready'); setInterval(() => {}, 1000)";

/** Starts a server that must refuse to start. */
async function refusal(folders: Folders, extra: Record<string, string>) {
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'main.js')], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      DATA_DIR: folders.dataDir,
      CONFIG_DIR: folders.configDir,
      ...extra,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  let stdout = '';
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr, stdout };
}

/** The built server in its own process. */
describe('server process', () => {
  let folders: Folders;
  beforeEach(() => {
    folders = makeFolders({
      waits: nodeStep('waits', WAITS),
      stubborn: nodeStep('stubborn', `process.on('SIGTERM', () => {}); ${WAITS}`),
    });
  });
  afterEach(() => rmSync(folders.root, { recursive: true, force: true }));

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'another address than loopback without a token',
      { HOST: '0.0.0.0' },
      /HOST is 0\.0\.0\.0.*JOBATO_ADMIN_TOKEN/,
    ],
    ['all addresses of IPv6 without a token', { HOST: '::' }, /JOBATO_ADMIN_TOKEN/],
    ['an invalid port', { PORT: 'eighty' }, /PORT/],
    ['a TLS certificate without a key', { TLS_CERT_FILE: 'cert.pem' }, /TLS_KEY_FILE/],
    ['a worker of an unknown kind', { WORKER: 'on' }, /WORKER must be one of/],
  ])('refuses to start with %s', async (_name, extra, sentence) => {
    const { code, stderr, stdout } = await refusal(folders, extra);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).not.toMatch(/Listening/);
  });

  it('listens on all addresses with a token and locks its data folder', async () => {
    const token = 'a-token-of-a-fair-length-0123456789';
    const server = await ServerProcess.start(folders, { HOST: '0.0.0.0', JOBATO_ADMIN_TOKEN: token });
    const { port } = new URL(server.url);
    expect(Number(port)).toBeGreaterThan(0);
    const said = server.output.find((line) => line.includes('Listening at'))!;
    expect(JSON.parse(said)).toMatchObject({ level: 'info', time: expect.stringMatching(/Z$/) });
    expect((await fetch(`http://127.0.0.1:${port}/api/runs`)).status).toBe(401);

    const second = await refusal(folders, {});
    expect(second.code).toBeGreaterThan(0);
    expect(second.stderr).toMatch(/Another Jobato server is using .*DATA_DIR/);
    expect((await fetch(`http://127.0.0.1:${port}/api/health/ready`)).status).toBe(200);
    expect(server.output.join()).not.toContain(token);
    expect(await server.end('SIGTERM')).toBe(0);
  });

  it('is live but not ready while it stops, ends steps and streams, and exits in time', async () => {
    const server = await ServerProcess.start(folders);
    const { runId } = await server.trigger('stubborn');
    await server.untilLogged(runId, 'ready');
    const stream = await fetch(`${server.url}/api/runs/${runId}/logs`, {
      headers: { accept: 'text/event-stream' },
    });
    const streamEnded = stream.text();
    const startedAt = Date.now();
    const ended = server.end('SIGTERM');
    let ready: Response;
    do ready = await fetch(`${server.url}/api/health/ready`);
    while (ready.status === 200);
    expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([503, 'not-ready']);
    expect((await fetch(`${server.url}/api/health/live`)).status).toBe(200);
    expect((await fetch(`${server.url}/api/health`)).status).toBe(503);
    const refused = await fetch(`${server.url}/api/projects/waits/runs`, { method: 'POST' });
    expect([refused.status, ((await refused.json()) as { errorCode: string }).errorCode]).toEqual([
      503,
      'SHUTTING_DOWN',
    ]);
    await streamEnded;
    expect(await ended).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(25_000);

    const next = await ServerProcess.start(folders);
    expect(await next.get(runId)).toMatchObject({ status: 'failed', statusReason: 'worker-lost' });
    await next.end('SIGTERM');
  });
});
