import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeStep } from './support/jobato';
import { AccountProcess, ownFolder, readableProgram } from './support/other-account';
import { readSse } from './support/sse';

const SERVER = { uid: 61_001 };
const WORKER = { uid: 61_002 };
const TOKEN = 'a-token-of-a-fair-length-0123456789';
const KEY = 'a-worker-key-of-a-fair-length';
const BEARER = { authorization: `Bearer ${TOKEN}` };

/** Tries the actions of a hostile step, and prints the results. */
const PROBE = `
  const fs = require('node:fs');
  const { pid, server } = JSON.parse(process.env.JOBATO_PARAMS);
  const tried = (what) => { try { what(); return 'possible' } catch ({ code }) { return code } };
  const environ = () => fs.readFileSync('/proc/' + pid + '/environ', 'utf8');
  console.log(JSON.stringify({
    uid: process.getuid(),
    database: tried(() => fs.readFileSync(server + '/data/db/jobato.db')),
    envFile: tried(() => fs.readFileSync(server + '/.env')),
    environ: tried(environ),
    memory: tried(() => fs.closeSync(fs.openSync('/proc/' + pid + '/mem', 'r'))),
    descriptors: tried(() => fs.readdirSync('/proc/' + pid + '/fd')),
    kill: tried(() => process.kill(pid, 0)),
    plant: tried(() => fs.writeFileSync(server + '/data/planted', '')),
    hasSecrets: Object.values(process.env).some((value) => /of-a-fair-length/.test(value)),
    environHasToken: tried(environ) === 'possible' && environ().includes('a-token-of-a-fair-length'),
  }));
  fs.writeFileSync(process.env.JOBATO_RUN_DIR + '/result', 'made elsewhere');
  fs.writeSync(3, JSON.stringify({ artifact: { path: 'result' } }) + '\\n');`;

const base = mkdtempSync(join(tmpdir(), 'jobato-accounts-'));
chmodSync(base, 0o755);
const program = readableProgram(base, WORKER);
if (program === null) {
  console.warn(
    'Skipped: whether a step under another account is kept out. This needs root, to start processes as others.',
  );
}

(program === null ? describe.skip : describe)('isolation of steps', () => {
  const folder = join(base, 'server');
  const config = join(base, 'config');
  let server: AccountProcess;
  let url: string;

  beforeAll(() => {
    mkdirSync(join(config, 'projects'), { recursive: true });
    const params = 'params:\n  pid: { type: integer }\n  server: { type: string }\n';
    writeFileSync(join(config, 'projects', 'probe.yaml'), nodeStep('probe', PROBE, params));
  });
  afterEach(() => server.end());
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  const startServer = async (environment: Record<string, string>) => {
    rmSync(folder, { recursive: true, force: true });
    ownFolder(SERVER, folder, { '.env': `JOBATO_ADMIN_TOKEN=${TOKEN}\nJOBATO_API_KEY=${KEY}\n` });
    ownFolder(SERVER, join(folder, 'data'));
    server = AccountProcess.start(SERVER, join(program!, 'dist/main.js'), folder, {
      PORT: '0',
      CONFIG_DIR: config,
      MIN_FREE_DISK_MB: '0',
      ...environment,
    });
    [, url] = (await server.says(/Listening at (http[^"\s]+)/)) as unknown as [string, string];
  };

  const probe = async () => {
    const response = await fetch(`${url}/api/projects/probe/runs`, {
      method: 'POST',
      headers: { ...BEARER, 'content-type': 'application/json' },
      body: JSON.stringify({ params: { pid: server.child.pid, server: folder } }),
    });
    expect(response.status).toBe(201);
    const { runId } = (await response.json()) as { runId: string };
    for await (const _ of readSse(`${url}/api/runs/${runId}/logs`, BEARER)) void _; // waits for the end of the run
    const get = (path: string) => fetch(`${url}/api/runs/${runId}${path}`, { headers: BEARER });
    expect(await (await get('')).json()).toMatchObject({ status: 'completed' });
    expect(await (await get('/artifacts/result')).text()).toBe('made elsewhere');
    return JSON.parse(await (await get('/logs')).text()) as object;
  };

  it("blocks a worker under another account from the server's files, memory and process", async () => {
    await startServer({ WORKER: 'off' });
    const own = join(base, 'worker');
    ownFolder(WORKER, own, { key: `${KEY}\n` });
    const worker = AccountProcess.start(WORKER, join(program!, 'dist/worker.js'), own, {
      JOBATO_URL: url,
      JOBATO_API_KEY_FILE: 'key',
      CONFIG_DIR: config,
    });
    try {
      await worker.says(/accepts runs/);
      expect(await probe()).toEqual({
        uid: WORKER.uid,
        database: 'EACCES',
        envFile: 'EACCES',
        environ: 'EACCES',
        memory: 'EACCES',
        descriptors: 'EACCES',
        kill: 'EPERM',
        plant: 'EACCES',
        hasSecrets: false,
        environHasToken: false,
      });
    } finally {
      await worker.end();
    }
  });

  it("allows the embedded worker's steps everything but secrets in /proc and the environment", async () => {
    await startServer({ WORKER: 'embedded' });
    expect(server.output.join('\n')).not.toMatch(/every step can read/);
    expect(await probe()).toEqual({
      uid: SERVER.uid,
      database: 'possible',
      envFile: 'possible',
      environ: 'possible',
      memory: expect.any(String), // depends on the ptrace settings of the system
      descriptors: 'possible',
      kill: 'possible',
      plant: 'possible',
      hasSecrets: false,
      environHasToken: false,
    });
  });

  it('exposes a secret set as a variable through /proc, and the server warns at start', async () => {
    await startServer({ WORKER: 'embedded', JOBATO_ADMIN_TOKEN: TOKEN });
    await server.says(/JOBATO_ADMIN_TOKEN is an environment variable, and every step can read it/);
    expect(await probe()).toMatchObject({ hasSecrets: false, environHasToken: true });
  });
});
