import type { JsonObject } from '../../events/run-event';
import type { IncomingEvent } from '../../runs/event-intake';

/** An event as it travels over HTTP: the names of the stream, with a number and an object where that has texts. */
export interface HttpEnvelope {
  eventId: string;
  eventType: string;
  eventVersion: number;
  occurredAt: string;
  runId: string;
  payload: JsonObject;
}

/** The member that shows the lease. It must not lie beside the others, which are stored and shown. */
const LEASE_MEMBER = 'leaseToken';

/** An event has seven members. Other members are kept with a rejected event, for people to see. */
const MAX_MEMBERS = 50;

/** Takes any JSON value for an event: the form of HTTP, or the flat texts of the stream. Never throws. */
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
    // Null is the same as not given: some languages send every member.
    if (value === null) continue;
    if (name === LEASE_MEMBER) {
      leaseToken = typeof value === 'string' ? value : null;
      continue;
    }
    const text = asText(value);
    if (text === null) flaw = `${name.slice(0, 100)} is nested too deeply`;
    // By definition, not assignment: a member may have any name, "__proto__" as well.
    Object.defineProperty(fields, name, {
      value: text ?? TOO_DEEP,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return { fields, flaw, leaseToken };
}

/** What stands in the rejected list for a value that cannot be written down. */
const TOO_DEEP = '(nested too deeply to be kept)';

function asText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}
