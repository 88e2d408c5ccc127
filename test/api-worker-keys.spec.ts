import { problem } from './support/expect-problem';
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

  const call = (address: string, path = '/api/internal/events') =>
    jobato.api.post(path).set({ 'x-forwarded-for': address }).send([]);
  const callWith = (address: string, key: string) => call(address).set({ 'x-jobato-api-key': key });
  const guess = async (address: string, times = 10) => {
    for (let n = 0; n < times; n++)
      await callWith(address, `guess ${n}`).expect(problem(401, 'UNAUTHORIZED'));
  };

  it('blocks an address after ten wrong keys, even with a correct short key', async () => {
    await guess('192.0.2.1');
    for (const key of ['another guess', KEYS[1]!]) {
      const { headers } = await callWith('192.0.2.1', key).expect(problem(429, 'TOO_MANY_REQUESTS'));
      expect(Number(headers['retry-after'])).toBeGreaterThan(290);
    }
    // Another spelling of the path does not bypass the limit.
    await call('192.0.2.1', '/api/%69nternal/events').set({ 'x-jobato-api-key': KEYS[1]! }).expect(429);
    for (const key of KEYS) await callWith('192.0.2.2', key).expect(202);
  });

  it('also limits simultaneous guesses', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => (await callWith('192.0.2.1', `guess ${n}`)).status),
    );
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30);
  });

  it('ignores repeats of one old key and calls without a key', async () => {
    for (let n = 0; n < 30; n++) {
      await callWith('192.0.2.1', 'the key of last year').expect(401);
      await call('192.0.2.1').expect(401);
    }
    await callWith('192.0.2.1', KEYS[0]!).expect(202);
  });

  it('does not block a worker with a correct long key', async () => {
    await guess('192.0.2.1');
    await callWith('192.0.2.1', KEYS[0]!).expect(202);
    // An attacker could guess a short key this way.
    await callWith('192.0.2.1', KEYS[1]!).expect(429);
    await callWith('192.0.2.1', 'guess').expect(429);
  });

  it('is separate from the limit for the admin token', async () => {
    const withToken = (address: string, token: string) =>
      jobato.api.get('/api/runs').set({ authorization: `Bearer ${token}`, 'x-forwarded-for': address });
    await guess('192.0.2.1');
    await withToken('192.0.2.1', TOKEN).expect(200);
    for (let n = 0; n < 10; n++) await withToken('192.0.2.3', `guess ${n}`);
    await withToken('192.0.2.3', 'another').expect(429);
    await callWith('192.0.2.3', KEYS[1]!).expect(202);
  });
});
