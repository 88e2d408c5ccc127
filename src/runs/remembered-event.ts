import type { RunEvent } from '../events/run-event';
import { contentHash } from '../projects/content-hash';

/** The part of an applied event that distinguishes a repetition from a different event with the same id. */
export interface RememberedEvent {
  eventType: string;
  runId: string;
  /** JSON text: the whole payload, or a part of it if `payloadHash` is set. */
  payload: string;
  /** Hash of the whole payload; null if `payload` is complete, and in rows of versions that stored no hash. */
  payloadHash: string | null;
}

/** Returns the event with a hash in place of its payload, which can be 1 MiB. */
export function rememberedByHash({ eventType, runId, payload }: RunEvent): RememberedEvent {
  return { eventType, runId, payload: '{}', payloadHash: contentHash(payload) };
}

/**
 * Returns true if both report the same fact: type, run and payload, the fields that `leaseProof` covers. The order of
 * members does not matter. `occurredAt` is ignored, because some senders set it again for each delivery.
 */
export function isSameEvent(event: RunEvent, known: RememberedEvent): boolean {
  if (event.eventType !== known.eventType || event.runId !== known.runId) return false;
  if (known.payloadHash !== null) return contentHash(event.payload) === known.payloadHash;
  const stored = storedPayload(event);
  return (
    JSON.stringify(stored) === known.payload || contentHash(stored) === contentHash(JSON.parse(known.payload))
  );
}

/** Returns what the inbox stores of a payload. Lines are in the log, so only their number is stored. */
export function storedPayload(event: RunEvent): object {
  return event.eventType === 'run.log' ? { lines: event.payload.lines.length } : event.payload;
}

/** Returns why an event with a reused id is rejected. */
export function reusedIdReason({ eventType, runId }: RememberedEvent): string {
  return `eventId was already used for a different event: ${eventType} of run ${runId}`;
}
