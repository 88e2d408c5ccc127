import { invalid, JobatoError } from '../http/problem-catalogue';

export const IDEMPOTENCY_KEY_HEADER = 'Idempotency-Key';
const MAX_LENGTH = 255;
/** The API promises 24 hours. */
export const KEEP_IDEMPOTENCY_KEYS_HOURS = 48;

/** Returns the key of a request, or null if it has none. @throws JobatoError VALIDATION */
export function checkIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  const key = header.trim();
  if (key.length >= 1 && key.length <= MAX_LENGTH) return key;
  throw invalid([{ field: IDEMPOTENCY_KEY_HEADER, message: `must be 1 to ${MAX_LENGTH} characters long` }]);
}

export function keyReused(): JobatoError {
  return new JobatoError(
    'IDEMPOTENCY_KEY_REUSED',
    'This Idempotency-Key was already used for a different request. Use a new key for each new request.',
  );
}
