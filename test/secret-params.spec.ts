import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { CliProcess } from './support/cli-process';
import { Belongings } from './support/crash';
import { FormClient } from './support/form-client';
import { type Folders, nodeStep, RunningApp, ServerProcess } from './support/jobato';
import { externalProject, HttpWorker, KEY } from './support/worker-api';
import { WorkerChild } from './support/worker-child';

const TOKEN = 'params:\n  token: { type: secret, required: true, min: 8, pattern: "[ -~\\\\n]+" }\n';
const BOTH = `${TOKEN}  pin: { type: secret }\n  note: { type: string }\n`;
/** Proves by a hash that the step has the secret, and leaks it in every way. Waits for a file before it ends. */
const LEAKS = `const { createHash } = require('crypto');
const { JOBATO_PARAM_TOKEN: token, JOBATO_PARAMS, JOBATO_WORK_DIR: dir, JOBATO_RUN_ID: id } = process.env;
const say = (report) => fs.writeSync(3, JSON.stringify(report) + '\\n');
console.log('got ' + createHash('sha256').update(token).digest('hex') + ' ' + (JSON.parse(JOBATO_PARAMS).token === token));
console.log('leak ' + token, Buffer.from('user:' + token).toString('base64'));
say({ progress: { current: 1, total: 2, message: token } });
say({ output: { token } });
say({ error: { code: 'LEAKED', message: 'The token ' + token + ' is wrong' } });
const wait = () => fs.existsSync(dir + '/' + id) ? process.exit(0) : setTimeout(wait, 20);
console.log('waiting'); wait();`;
const AGAIN = `const { createHash } = require('crypto');
const { JOBATO_PARAM_TOKEN: token, JOBATO_ATTEMPT: attempt } = process.env;
console.log(attempt + ' got ' + createHash('sha256').update(token).digest('hex'));
if (attempt === '1') setInterval(() => {}, 1000);`;
const OPTIONAL = 'params:\n  token: { type: secret }\n';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** Returns the texts by which a secret would be found, in plain and in base64 at each of the three offsets. */
function tracesOf(secret: string): string[] {
  const inBase64 = ['', 'x', 'xx'].map((before) =>
    // The first and the last letters depend on what is beside the secret.
    Buffer.from(before + secret)
      .toString('base64')
      .slice(4, -4),
  );
  return [secret, encodeURIComponent(secret), ...inBase64];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

function expectNoTrace(secret: string, texts: string[], folders?: Folders): void {
  const traces = tracesOf(secret);
  for (const text of texts) for (const trace of traces) expect(text).not.toContain(trace);
  const found = folders
    ? filesBelow(folders.dataDir).filter((file) => traces.some((trace) => readFileSync(file).includes(trace)))
    : [];
  expect(found).toEqual([]);
}

function sealedRunsIn({ dataDir }: Folders): unknown[] {
  const database = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { readonly: true });
  try {
    return database.prepare('SELECT run_id FROM run_secrets').pluck().all();
  } finally {
    database.close();
  }
}

/** Everything that a client can read about a run. */
async function everythingAbout(url: string, projectId: string, runId: string): Promise<string[]> {
  const read = async (path: string, accept = '*/*') =>
    (await fetch(`${url}${path}`, { headers: { accept } })).text();
  return Promise.all([
    read(`/api/runs/${runId}`),
    read('/api/runs'),
    read(`/api/runs/${runId}/events?limit=200`),
    read(`/api/runs/${runId}/logs`),
    read(`/api/runs/${runId}/logs`, 'application/json'),
    read(`/api/projects/${projectId}`),
    read('/api/events/rejected'),
    read(`/runs/${runId}`),
    read(`/projects/${projectId}`),
    read(`/projects/${projectId}?like=${runId}`),
    read(`/projects/${projectId}?run=${runId}`),
  ]);
}

describe('a secret param', () => {
  const belongings = new Belongings();
  let folders: Folders;
  let server: ServerProcess;
  beforeAll(async () => {
    folders = belongings.makeFolders({
      leaks: nodeStep('leaks', LEAKS, BOTH),
      optional: nodeStep('optional', 'console.log(process.env.JOBATO_PARAMS)', OPTIONAL),
    });
    server = await belongings.start(folders, { LOG_LEVEL: 'trace' });
  });
  afterAll(() => belongings.clear());

  const cli = (args: string[], environment: Record<string, string> = {}) =>
    CliProcess.start('bin/jobato.mjs', args, { JOBATO_URL: server.url, ...environment }).ended;
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  /** Each way returns the id of the new run, and what the caller saw. */
  const WAYS: [string, (secret: string) => Promise<{ runId: string; seen: string[] }>][] = [
    [
      'REST',
      async (token) => {
        const response = await post('/api/projects/leaks/runs', { params: { token, note: 'n' } });
        const text = await response.text();
        const run = JSON.parse(text) as { runId: string; params: object };
        expect(run.params).toEqual({ note: 'n', token: '***' });
        return { runId: run.runId, seen: [text] };
      },
    ],
    [
      'the form of the page',
      async (token) => {
        const form = new FormClient(server.url);
        const invalid = { 'param.token': token, 'param.note': 'kept', scope: 'only:gone' };
        const refused = await form.submit('/projects/leaks/runs', '/projects/leaks', invalid);
        expect(refused.status).toBe(400);
        expect(refused.text).toMatch(/type="password"\s+name="param.token"\s+value=""/);
        expect(refused.text).toContain('Enter it again: a form never shows a secret');
        expect(refused.text).toContain('value="kept"');
        const accepted = await form.submit('/projects/leaks/runs', '/projects/leaks', {
          'param.token': token,
        });
        expect(accepted.status).toBe(303);
        const runId = accepted.headers.location!.split('/').at(-1)!;
        const page = await form.get(`/runs/${runId}`);
        expect(page.text).toMatch(/token<\/span>\s*<span class="value">\*\*\*</);
        return { runId, seen: [refused.text, accepted.text, page.text] };
      },
    ],
    [
      'a variable of the command line',
      async (token) => {
        const { stdout, stderr } = await cli(['trigger', 'leaks', '--param-env', 'token=MY', '--json'], {
          MY: token,
        });
        const { runId } = JSON.parse(stdout) as { runId: string };
        const { stdout: shown } = await cli(['show', runId]);
        expect(shown).toContain('token=***');
        return { runId, seen: [stdout, stderr, shown] };
      },
    ],
    [
      'an option of the command line',
      async (token) => {
        const { stdout, stderr } = await cli(['trigger', 'leaks', '--param', `token=${token}`, '--json']);
        return { runId: (JSON.parse(stdout) as { runId: string }).runId, seen: [stdout, stderr] };
      },
    ],
  ];

  it.each(WAYS)('from %s reaches the step, and nothing else', async (_way, trigger) => {
    const secret = `swordfish ${randomUUID()} "quoted"`;
    const { runId, seen } = await trigger(secret);
    await server.untilLogged(runId, 'waiting');
    expect(sealedRunsIn(folders)).toEqual([runId]);
    expectNoTrace(secret, [...seen, ...(await everythingAbout(server.url, 'leaks', runId))], folders);

    writeFileSync(join(folders.dataDir, 'work', 'leaks', runId), '');
    expect(await server.untilEnded(runId)).toMatchObject({ status: 'partial', params: { token: '***' } });
    const all = await everythingAbout(server.url, 'leaks', runId);
    expect(all.join('\n')).toContain(`got ${hashOf(secret)} true`);
    expect(all.join('\n')).toContain('leak ***');
    expectNoTrace(secret, [...all, ...server.output], folders);
    expect(sealedRunsIn(folders)).toEqual([]);
  });

  it('is refused without its value in the answer', async () => {
    const secret = `short\u00e9${randomUUID()}`;
    const response = await post('/api/projects/leaks/runs', { params: { token: secret } });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ errors: [{ field: 'params.token' }] });
    const broken = await fetch(`${server.url}/api/projects/leaks/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"params":{"token":"${secret}",}}`,
    });
    expect(broken.status).toBe(400);
    expectNoTrace(secret, [text, await broken.text(), ...server.output], folders);
  });

  it('is needed again for a re-run, unless it is optional', async () => {
    const params = { token: `swordfish ${randomUUID()}` };
    const { runId } = await server.trigger('leaks', { params });
    await fetch(`${server.url}/api/runs/${runId}`, { method: 'DELETE' });
    await server.untilEnded(runId);
    const refused = await post(`/api/runs/${runId}/rerun`, {});
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      errorCode: 'VALIDATION',
      errors: [{ field: 'params.token', message: expect.stringMatching(/^is required again, because/) }],
    });
    const page = await (await fetch(`${server.url}/runs/${runId}`)).text();
    expect(page).toContain('To re-run, give token again in the form of the project');
    const form = await (await fetch(`${server.url}/projects/leaks?like=${runId}`)).text();
    expect(form).toContain('Secrets are deleted at the end of a run: enter Token again.');

    const optional = await server.trigger('optional', { params });
    expect(await server.untilEnded(optional.runId)).toMatchObject({ params: { token: '***' } });
    const again = await post(`/api/runs/${optional.runId}/rerun`, {});
    expect(again.status).toBe(201);
    const rerun = (await again.json()) as { runId: string; params: object };
    expect(rerun.params).toEqual({});
    await server.untilEnded(rerun.runId);
  });

  it('counts for an idempotency key, whose stored hash does not reveal it', async () => {
    const key = randomUUID();
    const send = (token: string) =>
      post('/api/projects/optional/runs', { params: { token } }, { 'idempotency-key': key });
    const first = await send('xyzw');
    expect(first.status).toBe(201);
    const run = (await first.json()) as { runId: string };
    const replayed = await send('xyzw');
    expect(replayed.headers.get('idempotent-replayed')).toBe('true');
    expect(await replayed.json()).toMatchObject({ runId: run.runId, params: { token: '***' } });
    expect((await send('xyzx')).status).toBe(422);
    await server.untilEnded(run.runId);
    const database = new BetterSqlite3(join(folders.dataDir, 'db', 'jobato.db'), { readonly: true });
    const row = database
      .prepare('SELECT request_hash, answer FROM idempotency_keys WHERE idempotency_key = ?')
      .get(key);
    database.close();
    expect(row).toEqual({
      request_hash: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/),
      answer: expect.not.stringContaining('xyzw'),
    });
  });

  it('is encrypted with a key that only the user of the server can read', () => {
    expect(statSync(join(folders.dataDir, 'secret-key')).mode & 0o777).toBe(0o600);
  });
});

describe('the secret param of a run', () => {
  const belongings = new Belongings();
  const workers: WorkerChild[] = [];
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.end('SIGKILL')));
    await belongings.clear();
  });

  it.each([
    ['a generated key', {}],
    ['JOBATO_SECRET_KEY', { JOBATO_SECRET_KEY: 'a passphrase of sixteen and more' }],
  ])('reaches the next attempt after kill -9, with %s', async (_what, environment) => {
    const folders = belongings.makeFolders({
      again: nodeStep('again', AGAIN, `retry: { maxAttempts: 2 }\n${TOKEN}`),
    });
    const secret = `swordfish ${randomUUID()}`;
    const first = await belongings.start(folders, environment);
    const { runId } = await first.trigger('again', { params: { token: secret } });
    await first.untilLogged(runId, `1 got ${hashOf(secret)}`);
    await first.end('SIGKILL');
    expectNoTrace(secret, first.output, folders);
    const second = await belongings.start(folders, environment);
    expect(await second.untilEnded(runId)).toMatchObject({ status: 'completed', attempt: 2 });
    const all = await everythingAbout(second.url, 'again', runId);
    expect(all.join('\n')).toContain(`2 got ${hashOf(secret)}`);
    expectNoTrace(secret, [...all, ...second.output], folders);
    expect(sealedRunsIn(folders)).toEqual([]);
  });

  it('reaches a worker process over HTTP', async () => {
    const folders = belongings.makeFolders({ leaks: nodeStep('leaks', LEAKS, BOTH) });
    const server = await belongings.start(folders, { WORKER: 'off', JOBATO_API_KEY: KEY });
    const worker = await WorkerChild.start({
      JOBATO_URL: server.url,
      JOBATO_API_KEY: KEY,
      DATA_DIR: join(folders.dataDir, 'of-worker'),
      CONFIG_DIR: folders.configDir,
      // A server and its worker may share one file of settings.
      JOBATO_SECRET_KEY: 'short',
    });
    workers.push(worker);
    const secret = `swordfish ${randomUUID()}`;
    const { runId } = await server.trigger('leaks', { params: { token: secret } });
    await server.untilLogged(runId, `got ${hashOf(secret)} true`);
    await server.untilLogged(runId, 'waiting');
    const workDir = readdirSync(join(folders.dataDir, 'of-worker'), {
      recursive: true,
      encoding: 'utf8',
    }).find((path) => path.endsWith('work/leaks'))!;
    writeFileSync(join(folders.dataDir, 'of-worker', workDir, runId), '');
    expect(await server.untilEnded(runId)).toMatchObject({ status: 'partial' });
    const all = await everythingAbout(server.url, 'leaks', runId);
    expectNoTrace(secret, [...all, ...server.output, ...worker.output], folders);
  });

  it('is in every answer to the same claim, also of the next attempt, and in no event', async () => {
    const folders = belongings.makeFolders({
      outside: externalProject('outside', `retry: { maxAttempts: 2 }\n${TOKEN}`),
    });
    const jobato = await RunningApp.start(folders, { JOBATO_API_KEY: KEY });
    try {
      const params = { token: `swordfish ${randomUUID()}` };
      const { runId } = await jobato.trigger('outside', { params });
      const worker = new HttpWorker(jobato);
      const claimId = randomUUID();
      const claims = [await worker.claimed({ claimId, waitSeconds: 30 }), await worker.claimed({ claimId })];
      expect(claims[0]).toMatchObject({ payload: { params, attempt: 1 } });
      expect(claims[1]).toEqual(claims[0]);
      await worker.heartbeat(runId);
      await worker.post(`runs/${runId}/release`, { attempt: 1 }).set('x-jobato-lease', claims[0]!.leaseToken);
      expect(await worker.claimed({ waitSeconds: 30 })).toMatchObject({ payload: { params, attempt: 2 } });
      expectNoTrace(params.token, await everythingAbout(jobato.url, 'outside', runId), folders);
      await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    } finally {
      await jobato.stop();
    }
  });

  it('that cannot be decrypted with another key fails the run with the reason', async () => {
    const folders = belongings.makeFolders({ outside: externalProject('outside', TOKEN) });
    const environment = { JOBATO_API_KEY: KEY };
    const before = await RunningApp.start(folders, environment);
    const { runId } = await before.trigger('outside', { params: { token: 'swordfish' } });
    await before.stop();
    const jobato = await RunningApp.start(folders, { ...environment, JOBATO_SECRET_KEY: 'x'.repeat(16) });
    try {
      const claiming = new HttpWorker(jobato).claim({ waitSeconds: 60 });
      expect(await jobato.untilEnded(runId)).toMatchObject({
        status: 'failed',
        statusReason: 'secrets-unreadable',
        error: { code: 'SECRETS_UNREADABLE', message: expect.stringContaining('the key has changed') },
      });
      const next = await jobato.trigger('outside', { params: { token: 'swordfish' } });
      expect(await (await claiming).json()).toMatchObject({
        runId: next.runId,
        payload: { params: { token: 'swordfish' } },
      });
    } finally {
      await jobato.stop();
    }
  });

  it('is deleted when a server starts, if another program has ended the run', async () => {
    const folders = belongings.makeFolders({ outside: externalProject('outside', TOKEN) });
    const first = await belongings.start(folders);
    const { runId } = await first.trigger('outside', { params: { token: 'swordfish' } });
    await first.end('SIGKILL');
    const database = new BetterSqlite3(join(folders.dataDir, 'db', 'jobato.db'));
    database.prepare("UPDATE runs SET status = 'failed', ended_at = started_at WHERE run_id = ?").run(runId);
    database.close();
    expect(sealedRunsIn(folders)).toEqual([runId]);
    const second = await belongings.start(folders);
    expect(await second.end('SIGTERM')).toBe(0);
    expect(sealedRunsIn(folders)).toEqual([]);
  });

  it('waits while the key file is damaged, without losing an attempt', async () => {
    const folders = belongings.makeFolders({ outside: externalProject('outside', TOKEN) });
    const environment = { JOBATO_API_KEY: KEY };
    const keyFile = join(folders.dataDir, 'secret-key');
    const before = await RunningApp.start(folders, environment);
    const { runId } = await before.trigger('outside', { params: { token: 'swordfish' } });
    await before.stop();
    const key = readFileSync(keyFile, 'utf8');
    writeFileSync(keyFile, key.slice(1));
    const jobato = await RunningApp.start(folders, environment);
    try {
      const worker = new HttpWorker(jobato);
      const refused = await worker.claim({ waitSeconds: 60 });
      expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('damaged')]);
      expect((await jobato.api.get(`/api/runs/${runId}`)).body).toMatchObject({
        status: 'running',
        attempt: 1,
        workerId: null,
      });
      writeFileSync(keyFile, key);
      expect(await worker.claimed({ waitSeconds: 60 })).toMatchObject({
        payload: { params: { token: 'swordfish' }, attempt: 1 },
      });
    } finally {
      await jobato.stop();
    }
  });

  it('is refused while the key file is damaged, and accepted after its repair', async () => {
    const folders = belongings.makeFolders({ outside: externalProject('outside', TOKEN) });
    mkdirSync(folders.dataDir, { recursive: true });
    writeFileSync(join(folders.dataDir, 'secret-key'), 'half a key');
    const jobato = await RunningApp.start(folders);
    try {
      const send = () =>
        jobato.api.post('/api/projects/outside/runs').send({ params: { token: 'swordfish' } });
      const refused = await send();
      expect(refused.status).toBe(503);
      expect(refused.body.detail).toMatch(/secret-key in DATA_DIR\) is damaged/);
      writeFileSync(join(folders.dataDir, 'secret-key'), 'ab'.repeat(32));
      expect((await send()).status).toBe(201);
    } finally {
      await jobato.stop();
    }
  });
});
