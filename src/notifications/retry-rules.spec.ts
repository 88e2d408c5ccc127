import type { Answer } from './answer';
import { decide, GIVE_UP_AFTER_MS, MAX_DELAY_MS, MAX_REFUSALS } from './retry-rules';

const http = (status: number, retryAfterSeconds?: number): Answer => ({
  code: 'http',
  status,
  text: null,
  ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
});
const refused: Answer = { code: 'no-connection', reason: 'ECONNREFUSED' };
const first = { attempts: 1, waitedMs: 0 };

it('delivers on 2xx and on an accepted mail', () => {
  for (const status of [200, 201, 202, 204]) expect(decide(http(status), first, 0).state).toBe('delivered');
  expect(decide({ code: 'mail-accepted', text: null, refused: 1 }, first, 0).state).toBe('delivered');
});

it('waits 5 s, then twice as long each time, up to an hour', () => {
  const delays = [1, 2, 3, 4, 10, 11, 40].map((attempts) => decide(refused, { attempts, waitedMs: 0 }, 0));
  const seconds = [5, 10, 20, 40, 2560, 3600, 3600];
  expect(delays).toEqual(seconds.map((s) => ({ state: 'pending', delayMs: s * 1000 })));
  expect(decide(refused, first, 1)).toEqual({ state: 'pending', delayMs: 3750 });
});

it('gives up after 24 h of waiting, independent of the clock', () => {
  let waitedMs = 0;
  let attempts = 1;
  for (;;) {
    const decision = decide(http(500), { attempts, waitedMs }, 0.5);
    if (decision.state !== 'pending') break;
    waitedMs += decision.delayMs;
    attempts++;
  }
  expect(waitedMs).toBeGreaterThanOrEqual(GIVE_UP_AFTER_MS);
  expect(waitedMs).toBeLessThan(GIVE_UP_AFTER_MS + MAX_DELAY_MS);
  expect(attempts).toBeLessThan(45);
});

it('waits as long as the receiver asks for, but at most an hour', () => {
  expect(decide(http(429, 60), first, 0)).toEqual({ state: 'pending', delayMs: 60_000 });
  expect(decide(http(503, 1), first, 0)).toEqual({ state: 'pending', delayMs: 5_000 });
  expect(decide(http(429, 1e9), first, 0)).toEqual({ state: 'pending', delayMs: MAX_DELAY_MS });
  expect(decide(http(429, -5), first, 0)).toEqual({ state: 'pending', delayMs: 5_000 });
});

it.each<[string, Answer]>([
  ['a redirect', http(302)],
  ['410', http(410)],
  ['a private address', { code: 'private-address', address: '10.0.0.1' }],
])('gives up at once after %s', (_what, answer) =>
  expect(decide(answer, first, 0)).toEqual({ state: 'failed' }),
);

it.each<[string, Answer]>([
  ['400', http(400)],
  ['404', http(404)],
  ['a final reply of a mail server', { code: 'mail-refused', status: 550, text: null }],
])('repeats %s a few times', (_what, answer) => {
  expect(decide(answer, { attempts: MAX_REFUSALS - 1, waitedMs: 0 }, 0).state).toBe('pending');
  expect(decide(answer, { attempts: MAX_REFUSALS, waitedMs: 0 }, 0).state).toBe('failed');
});

it.each<[string, Answer]>([
  ['408', http(408)],
  ['425', http(425)],
  ['429', http(429)],
  ['500', http(500)],
  ['a busy mail server', { code: 'mail-refused', status: 451, text: null }],
  ['a missing variable', { code: 'not-set', variable: 'URL' }],
  ['a removed channel', { code: 'channel-removed' }],
  ['a timeout', { code: 'timeout', phase: 'answer' }],
])('repeats %s all day', (_what, answer) =>
  expect(decide(answer, { attempts: 30, waitedMs: GIVE_UP_AFTER_MS - 1 }, 0).state).toBe('pending'),
);
