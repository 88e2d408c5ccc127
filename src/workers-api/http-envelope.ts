import type { JsonObject } from '../events/run-event';

/** An event as it travels over HTTP: the names of the stream, with a number and an object where that has texts. */
export interface HttpEnvelope {
  eventId: string;
  eventType: string;
  eventVersion: number;
  occurredAt: string;
  runId: string;
  payload: JsonObject;
}

export interface ReceivedEvent {
  /** As they would lie on the stream. Nothing about them is sure. */
  fields: Record<string, string>;
  /** What is wrong with it already; null if the reader of the stream's events may judge it. */
  flaw: string | null;
}

/** Takes whatever came for an event: the form of HTTP, or the flat texts of the stream. Never throws. */
export function receivedEvent(envelope: unknown): ReceivedEvent {
  if (envelope === null || typeof envelope !== 'object' || Array.isArray(envelope)) {
    return { fields: { event: asText(envelope) ?? TOO_DEEP }, flaw: 'the event is not a JSON object' };
  }
  const fields: Record<string, string> = {};
  let flaw: string | null = null;
  for (const [name, value] of Object.entries(envelope as JsonObject)) {
    // Null is the same as not given: some languages send every member.
    if (value === null) continue;
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
  return { fields, flaw };
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
