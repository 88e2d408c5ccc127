import type { JsonObject } from '../../events/run-event';
import type { IncomingEvent } from '../../intake/event-intake';

/**
 * An event in HTTP form. It has the names of a stream entry, but `eventVersion` is a number and `payload` an object.
 */
export interface HttpEnvelope {
  eventId: string;
  eventType: string;
  eventVersion: number;
  occurredAt: string;
  runId: string;
  payload: JsonObject;
}

/** The member with the lease token. Keep it apart from the others, which are stored and displayed. */
const LEASE_MEMBER = 'leaseToken';

/** An event has seven members. Other members of a rejected event are kept for operators. */
const MAX_MEMBERS = 50;

/** Converts any JSON value to an event: either the HTTP form or the flat text form of the stream. Never throws. */
export function receivedEvent(envelope: unknown): IncomingEvent {
  if (envelope === null || typeof envelope !== 'object' || Array.isArray(envelope)) {
    const fields = { event: asText(envelope) ?? TOO_DEEP };
    return { fields, flaw: 'the event is not a JSON object', leaseToken: null };
  }
  let leaseToken: string | null = null;
  const fields: Record<string, string> = {};
  let flaw: string | null = null;
  const members = Object.entries(envelope as JsonObject);
  if (members.length > MAX_MEMBERS) flaw = `the event has more than ${MAX_MEMBERS} members`;
  for (const [name, value] of members.slice(0, MAX_MEMBERS)) {
    // Null equals a missing member, because some clients send every member.
    if (value === null) continue;
    if (name === LEASE_MEMBER) {
      leaseToken = typeof value === 'string' ? value : null;
      continue;
    }
    const text = asText(value);
    if (text === null) flaw = `${name.slice(0, 100)} is nested too deeply`;
    // `defineProperty` instead of an assignment, because a member may have any name, even "__proto__".
    Object.defineProperty(fields, name, {
      value: text ?? TOO_DEEP,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return { fields, flaw, leaseToken };
}

/** Text in the rejected list for a value that cannot be serialized. */
const TOO_DEEP = '(nested too deeply to be stored)';

function asText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}
