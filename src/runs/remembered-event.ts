import type { RunEvent } from '../events/run-event';
import { contentHash } from '../projects/content-hash';

/** The part of an applied event that tells a repetition from another fact under the same id. */
export interface RememberedEvent {
  eventType: string;
  runId: string;
  /** JSON text: the whole payload, or a part of it where `payloadHash` is set. */
  payload: string;
  /** Hash of the whole payload; null where `payload` is whole, and in rows of versions that stored no hash. */
  payloadHash: string | null;
}

/** Remembers an event without its payload, which can have 1 MiB. */
export function rememberedByHash({ eventType, runId, payload }: RunEvent): RememberedEvent {
  return { eventType, runId, payload: '{}', payloadHash: contentHash(payload) };
}

/**
 * Returns true where both state the same fact: type, run and payload, the members that `leaseProof` covers. The order
 * of members makes no difference. `occurredAt` does not count: some senders set it again for each delivery.
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

/** Says why an event is rejected whose id was used before. */
export function reusedIdReason({ eventType, runId }: RememberedEvent): string {
  return `eventId was used before for other content: ${eventType} of run ${runId}`;
}
