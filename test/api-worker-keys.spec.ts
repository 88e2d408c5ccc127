import { expectProblem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';

const KEYS = ['a-worker-key-of-a-fair-length', 'short'];
const TOKEN = 'a-token-of-a-fair-length-0123456789';

describe('rate limit for worker keys', () => {
  let jobato: RunningApp;
  beforeEach(async () => {
    jobato = await RunningApp.start(
      { open: nodeStep('open', '0') },
      { JOBATO_API_KEY: KEYS.join(), JOBATO_ADMIN_TOKEN: TOKEN, WORKER: 'off', TRUST_PROXY: '1' },
    );
  });
  afterEach(() => jobato.stop());

  const call = (address: string, headers: Record<string, string>, path = '/api/internal/events') =>
    jobato.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address, ...headers },
      body: '[]',
    });
  const send = (address: string, key: string) => call(address, { 'x-jobato-api-key': key });
  const guess = async (address: string, times = 10) => {
    for (let n = 0; n < times; n++)
      await expectProblem(await send(address, `guess ${n}`), 401, 'UNAUTHORIZED');
  };

  it('blocks an address after ten wrong keys, even with a correct short key', async () => {
    await guess('192.0.2.1');
    for (const key of ['another guess', KEYS[1]!]) {
      const answer = await send('192.0.2.1', key);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(290);
      await expectProblem(answer, 429, 'TOO_MANY_REQUESTS');
    }
    // Another spelling of the path does not bypass the limit.
    const other = await call('192.0.2.1', { 'x-jobato-api-key': KEYS[1]! }, '/api/%69nternal/events');
    expect(other.status).toBe(429);
    for (const key of KEYS) expect((await send('192.0.2.2', key)).status).toBe(202);
  });

  it('also limits simultaneous guesses', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => (await send('192.0.2.1', `guess ${n}`)).status),
    );
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30);
  });

  it('ignores repeats of one old key and calls without a key', async () => {
    for (let n = 0; n < 30; n++) {
      expect((await send('192.0.2.1', 'the key of last year')).status).toBe(401);
      expect((await call('192.0.2.1', {})).status).toBe(401);
    }
    expect((await send('192.0.2.1', KEYS[0]!)).status).toBe(202);
  });

  it('does not block a worker with a correct long key', async () => {
    await guess('192.0.2.1');
    expect((await send('192.0.2.1', KEYS[0]!)).status).toBe(202);
    // An attacker could guess a short key this way.
    expect((await send('192.0.2.1', KEYS[1]!)).status).toBe(429);
    expect((await send('192.0.2.1', 'guess')).status).toBe(429);
  });

  it('is separate from the limit for the admin token', async () => {
    const withToken = async (address: string, token: string) => {
      const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': address };
      return (await jobato.fetch('/api/runs', { headers })).status;
    };
    await guess('192.0.2.1');
    expect(await withToken('192.0.2.1', TOKEN)).toBe(200);
    for (let n = 0; n < 10; n++) await withToken('192.0.2.3', `guess ${n}`);
    expect(await withToken('192.0.2.3', 'another')).toBe(429);
    expect((await send('192.0.2.3', KEYS[1]!)).status).toBe(202);
  });
});
