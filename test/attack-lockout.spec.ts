import { rmSync } from 'node:fs';
import { expectProblem } from './support/expect-problem';
import { FormClient } from './support/form-client';
import { makeFolders, RunningApp } from './support/jobato';
import { externalProject, HttpWorker, KEY } from './support/worker-api';

const TOKEN = 'a-token-of-a-fair-length-0123456789';

/** A process at the address of a worker or of the operator sends wrong secrets and has no valid one. */
describe('attacker without a secret, at the same address', () => {
  let jobato: RunningApp;
  const environment = { JOBATO_API_KEY: KEY, JOBATO_ADMIN_TOKEN: TOKEN };
  const start = async () => {
    jobato = await RunningApp.start({ outside: externalProject('outside') }, environment);
  };
  afterEach(() => jobato.stop());

  const withToken = (path: string, token: string, method = 'GET') =>
    jobato.fetch(path, { method, headers: { authorization: `Bearer ${token}` } });
  const withKey = (key: string) =>
    jobato.fetch('/api/internal/events', {
      method: 'POST',
      headers: { 'x-jobato-api-key': key, 'content-type': 'application/json' },
      body: '[]',
    });
  const expectToWait = async (response: Response) => {
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(290);
    await expectProblem(response, 429, 'TOO_MANY_REQUESTS');
  };
  const guessKeys = async () => {
    for (let n = 0; n < 10; n++)
      await expectProblem(await withKey(`wrong-key-number-${n}`), 401, 'UNAUTHORIZED');
    await expectToWait(await withKey('wrong-key-number-10'));
  };
  const guessTokens = async () => {
    for (let n = 0; n < 10; n++) {
      await expectProblem(await withToken('/api/runs', `wrong-token-number-${n}`), 401, 'UNAUTHORIZED');
    }
    await expectToWait(await withToken('/api/runs', 'wrong-token-number-10'));
  };
  const trigger = async () => {
    const response = await withToken('/api/projects/outside/runs', TOKEN, 'POST');
    expect(response.status).toBe(201);
    return ((await response.json()) as { runId: string }).runId;
  };

  it('cannot take a run from its worker with wrong keys after a server restart', async () => {
    const folders = makeFolders({ outside: externalProject('outside') });
    jobato = await RunningApp.start(folders, environment);
    const before = await trigger();
    const holder = new HttpWorker(jobato, 'holder');
    await holder.claimed();
    const lease = holder.leaseHeader(before);
    await jobato.stop();
    jobato = await RunningApp.start(folders, environment);
    await guessKeys();
    const beat = await jobato.fetch(`/api/internal/runs/${before}/heartbeat`, {
      method: 'POST',
      headers: { 'x-jobato-api-key': KEY, 'content-type': 'application/json', ...lease },
      body: JSON.stringify({ workerId: 'holder', attempt: 1 }),
    });
    expect(beat.status).toBe(200);
    await expectToWait(await withKey(`${KEY}x`));
    rmSync(folders.root, { recursive: true, force: true, maxRetries: 3 });
  });

  it('cannot block the admin from the API with wrong tokens', async () => {
    await start();
    await guessTokens();
    const runId = await trigger();
    expect((await withToken('/api/runs', TOKEN)).status).toBe(200);
    expect((await withToken('/api/metrics', TOKEN)).status).toBe(200);
    expect((await withToken(`/api/runs/${runId}`, TOKEN, 'DELETE')).status).toBe(202);
    await expectToWait(await withToken('/api/runs', `${TOKEN}x`));
  });

  it('cannot block the admin from signing in or end a session', async () => {
    await start();
    const signedIn = new FormClient(jobato.url);
    expect((await signedIn.submit('/login', '/login', { token: TOKEN })).status).toBe(303);
    await guessTokens();
    expect((await signedIn.get('/')).status).toBe(200);
    const late = new FormClient(jobato.url);
    expect((await late.submit('/login', '/login', { token: `${TOKEN}x` })).status).toBe(429);
    expect((await late.submit('/login', '/login', { token: TOKEN })).status).toBe(303);
    expect((await late.get('/')).status).toBe(200);
  });

  it('cannot guess a short token or key after the limit is reached', async () => {
    const short = { JOBATO_API_KEY: 'fifteen-letters', JOBATO_ADMIN_TOKEN: 'letters-fifteen' };
    jobato = await RunningApp.start({ outside: externalProject('outside') }, short);
    await guessKeys();
    await guessTokens();
    await expectToWait(await withKey('fifteen-letters'));
    await expectToWait(await withToken('/api/runs', 'letters-fifteen'));
    const client = new FormClient(jobato.url);
    expect((await client.submit('/login', '/login', { token: 'letters-fifteen' })).status).toBe(429);
  });
});
