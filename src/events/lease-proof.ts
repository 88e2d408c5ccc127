import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StreamFields } from './run-event';

/** 256 bits: the token is all that proves who holds an attempt. */
const TOKEN_BYTES = 32;

/** The parts of an entry that a proof covers. */
type ProvenFields = Partial<Record<'eventId' | 'eventType' | 'runId' | 'payload', string>>;

export function newLeaseToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * Returns the `leaseProof` of a stream entry: HMAC-SHA256 in hexadecimal, keyed with the lease token, over eventId,
 * eventType, runId and payload as they lie on the stream, joined by line feeds. The token itself never travels there.
 */
export function leaseProof(token: string, { eventId, eventType, runId, payload }: ProvenFields): string {
  return createHmac('sha256', token)
    .update([eventId, eventType, runId, payload].map((field) => field ?? '').join('\n'))
    .digest('hex');
}

/** Returns the entry with its proof; unchanged for an attempt that needs none. */
export function signed(fields: StreamFields, token: string | null): StreamFields {
  return token === null ? fields : { ...fields, leaseProof: leaseProof(token, fields) };
}

/** Compares in constant time, for texts of any length. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
