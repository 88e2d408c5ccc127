import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Belongings } from '../support/crash';
import { nodeStep, RunningApp } from '../support/jobato';
import { externalProject, HttpWorker, KEY } from '../support/worker-api';
import { WorkerChild } from '../support/worker-child';

import {
  BOTH,
  everythingAbout,
  expectNoTrace,
  hashOf,
  LEAKS,
  sealedRunsIn,
  TOKEN,
} from '../support/secret-traces';

const AGAIN = `const { createHash } = require('crypto');
const { JOBATO_PARAM_TOKEN: token, JOBATO_ATTEMPT: attempt } = process.env;
console.log(attempt + ' got ' + createHash('sha256').update(token).digest('hex'));
if (attempt === '1') setInterval(() => {}, 1000);`;

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
