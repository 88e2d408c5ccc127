import { JobatoError } from '../http/problem-catalogue';
import { checkIdempotencyKey } from './idempotency-key';

describe('checkIdempotencyKey', () => {
  it.each([
    ['returns null if the header is missing', undefined, null],
    ['returns the header', 'order-17', 'order-17'],
    ['trims spaces', '  order-17 ', 'order-17'],
    ['accepts 255 characters', 'k'.repeat(255), 'k'.repeat(255)],
  ])('%s', (_what, header, key) => expect(checkIdempotencyKey(header)).toBe(key));

  it.each([
    ['an empty key', ''],
    ['spaces only', '   '],
    ['256 characters', 'k'.repeat(256)],
  ])('rejects %s', (_what, header) => {
    expect(() => checkIdempotencyKey(header)).toThrow(JobatoError);
    expect(() => checkIdempotencyKey(header)).toThrow(/Idempotency-Key/);
  });
});
