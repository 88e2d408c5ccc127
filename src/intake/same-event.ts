import type { StoredEvent } from '../events/applied-event.repository';
import type { AppliedEventEntity } from '../events/event.entities';
import type { RunEvent } from '../events/run-event';
import { jsonHash } from '../projects/json-hash';

/** Returns the event with a hash in place of its payload, which can be 1 MiB. */
export function rememberedByHash({ eventType, runId, payload }: RunEvent): StoredEvent {
  return { eventType, runId, payload: '{}', payloadHash: jsonHash(payload) };
}

/**
 * Returns true if both report the same fact: type, run and payload, the fields that `leaseProof` covers. The order of
 * members does not matter. `occurredAt` is ignored, because some senders set it again for each delivery.
 */
export function isSameEvent(event: RunEvent, known: StoredEvent): boolean {
  if (event.eventType !== known.eventType || event.runId !== known.runId) return false;
  if (known.payloadHash !== null) return jsonHash(event.payload) === known.payloadHash;
  const stored = storedPayload(event);
  return JSON.stringify(stored) === known.payload || jsonHash(stored) === jsonHash(JSON.parse(known.payload));
}

/** Returns what the inbox stores of a payload. Lines are in the log, so only their number is stored. */
function storedPayload(event: RunEvent): object {
  return event.eventType === 'run.log' ? { lines: event.payload.lines.length } : event.payload;
}

/** Returns why an event with a reused id is rejected. */
export function reusedIdReason({ eventType, runId }: StoredEvent): string {
  return `eventId was already used for a different event: ${eventType} of run ${runId}`;
}

/** Returns the inbox row of an event. For log lines it stores only their number, because the log has the text. */
export function inboxRow(event: RunEvent, appliedAt: string): Partial<AppliedEventEntity> & StoredEvent {
  return {
    eventId: event.eventId,
    eventType: event.eventType,
    occurredAt: event.occurredAt,
    appliedAt,
    runId: event.runId,
    payload: JSON.stringify(storedPayload(event)),
    payloadHash: event.eventType === 'run.log' ? jsonHash(event.payload) : null,
    origin: 'worker',
  };
}
