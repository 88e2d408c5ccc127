import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StreamFields } from './run-event';

/** 256 bits: possession of the token is the only proof that a worker holds the attempt. */
const TOKEN_BYTES = 32;

/** The fields that a proof covers. */
type ProvenFields = Partial<Record<'eventId' | 'eventType' | 'runId' | 'payload', string>>;

export function newLeaseToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * Returns the `leaseProof` of a stream entry: HMAC-SHA256 in hexadecimal, with the lease token as key. The message is
 * eventId, eventType, runId and payload as on the stream, joined by line feeds. The token itself is never sent over
 * the stream.
 */
export function leaseProof(token: string, { eventId, eventType, runId, payload }: ProvenFields): string {
  return createHmac('sha256', token)
    .update([eventId, eventType, runId, payload].map((field) => field ?? '').join('\n'))
    .digest('hex');
}

/** Returns the entry with its proof, or unchanged if the attempt has no token. */
export function signed(fields: StreamFields, token: string | null): StreamFields {
  return token === null ? fields : { ...fields, leaseProof: leaseProof(token, fields) };
}

/** Compares strings of any length in constant time. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
