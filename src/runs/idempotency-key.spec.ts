import { JobatoError } from '../http/catalogue';
import { checkIdempotencyKey } from './idempotency-key';

describe('checkIdempotencyKey', () => {
  it.each([
    ['is none where the header is missing', undefined, null],
    ['is the header', 'order-17', 'order-17'],
    ['leaves out spaces around it', '  order-17 ', 'order-17'],
    ['may have 255 characters', 'k'.repeat(255), 'k'.repeat(255)],
  ])('%s', (_what, header, key) => expect(checkIdempotencyKey(header)).toBe(key));

  it.each([
    ['an empty one', ''],
    ['spaces only', '   '],
    ['256 characters', 'k'.repeat(256)],
  ])('refuses %s', (_what, header) => {
    expect(() => checkIdempotencyKey(header)).toThrow(JobatoError);
    expect(() => checkIdempotencyKey(header)).toThrow(/Idempotency-Key/);
  });
});
