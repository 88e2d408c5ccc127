import { isBelow } from './host-rules';

it.each([
  ['example.com', true],
  ['jobs.example.com', true],
  ['EXAMPLE.com.', true],
  ['badexample.com', false],
  ['example.com.evil.net', false],
  ['com', false],
])('knows whether %s is below example.com: %s', (host, expected) =>
  expect(isBelow(host, ['example.com'])).toBe(expected),
);
