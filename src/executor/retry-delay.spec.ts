import { retryDelaySeconds } from './retry-delay';

it('the delay before an attempt grows up to its limit', () => {
  const retry = { maxAttempts: 9, delaySeconds: 10, backoff: 2, maxDelaySeconds: 60 };
  expect([1, 2, 3, 4, 100].map((failed) => retryDelaySeconds(retry, failed))).toEqual([10, 20, 40, 60, 60]);
  expect(retryDelaySeconds({ ...retry, backoff: 1 }, 5)).toBe(10);
  expect(retryDelaySeconds({ ...retry, delaySeconds: 0 }, 5)).toBe(0);
});
