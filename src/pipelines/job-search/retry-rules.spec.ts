import { isTemporary, pauseBeforeRetry, retryAfterSeconds } from './retry-rules';

const RULES = { maxTries: 3, delayMs: 1000 };

it.each([
  [429, true],
  [500, true],
  [503, true],
  [404, false],
  [200, false],
])('knows whether status %d is temporary', (status, expected) => expect(isTemporary(status)).toBe(expected));

it('doubles the pause, and ends after the last try', () => {
  expect([1, 2, 3].map((tries) => pauseBeforeRetry(tries, null, RULES))).toEqual([1000, 2000, null]);
});

it('waits for as long as the server asks, unless that is too long', () => {
  expect(pauseBeforeRetry(1, 7, RULES)).toBe(7000);
  expect(pauseBeforeRetry(1, 0, RULES)).toBe(1000);
  expect(pauseBeforeRetry(1, 61, RULES)).toBeNull();
});

it.each([
  ['120', 120],
  ['Sun, 01 Mar 2026 10:00:30 GMT', 30],
  ['Sun, 01 Mar 2026 09:00:00 GMT', 0],
  ['soon', null],
  [undefined, null],
])('reads Retry-After: %s', (value, expected) =>
  expect(retryAfterSeconds(value, Date.parse('2026-03-01T10:00:00Z'))).toBe(expected),
);
