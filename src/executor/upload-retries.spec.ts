import { nextTryDelayMs, parseRetryAfterMs, type RetryLimits } from './upload-retries';

const LIMITS: RetryLimits = { firstDelayMs: 1000, maxDelayMs: 30_000, maxRefusals: 4, withinMs: 600_000 };
const delay = (status: number | null, tries = 1, elapsedMs = 0, askedMs: number | null = null) =>
  nextTryDelayMs(Array(tries).fill({ status, retryAfterMs: askedMs }), elapsedMs, LIMITS);

describe('nextTryDelayMs', () => {
  it.each([null, 408, 425, 429, 500, 502, 503, 504, 507])('retries after a temporary failure: %s', (status) =>
    expect(delay(status)).toBe(1000),
  );

  it.each([301, 400, 401, 403, 404, 409, 411, 413, 415, 422, 501, 505])(
    'does not retry after a final response: %s',
    (status) => expect(delay(status)).toBeNull(),
  );

  it('doubles the delay up to a limit', () =>
    expect([1, 2, 3, 4, 5, 6, 7, 50].map((tries) => delay(503, tries))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]));

  it('waits for Retry-After if that is longer', () => {
    expect(delay(429, 1, 0, 45_000)).toBe(45_000);
    expect(delay(429, 3, 0, 500)).toBe(4000);
  });

  it('stops after the maximum number of refusals, but not while the server is unavailable', () => {
    expect([3, 4, 5].map((tries) => delay(408, tries) !== null)).toEqual([true, false, false]);
    expect([null, 503].map((status) => delay(status, 5) !== null)).toEqual([true, true]);
  });

  it('does not count the time in which the server is unavailable as refusals', () => {
    const failed = [
      ...Array(8).fill({ status: 503, retryAfterMs: null }),
      { status: 429, retryAfterMs: null },
    ];
    expect(nextTryDelayMs(failed, 0, LIMITS)).toBe(30_000);
  });

  it('stops if the delay would exceed the time limit', () => {
    expect(delay(null, 9, 569_999)).toBe(30_000);
    expect(delay(null, 9, 570_000)).toBeNull();
    expect(delay(429, 1, 0, 600_000)).toBeNull();
  });
});

describe('parseRetryAfterMs', () => {
  const now = Date.parse('2026-03-01T10:00:00Z');
  it.each([
    ['120', 120_000],
    ['Sun, 01 Mar 2026 10:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 09:00:00 GMT', 0],
    ['soon', null],
    ['', null],
    [null, null],
  ])('parses %s', (header, expected) => expect(parseRetryAfterMs(header, now)).toBe(expected));
});
