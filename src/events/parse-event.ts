import { validate } from 'uuid';
import { type Instant, toInstant } from '../clock/clock';
import { Schema } from '../schemas/schema';
import { PAYLOAD_SCHEMAS } from './event-schemas';
import type { RunEvent, RunEventType, StreamFields } from './run-event';

export type ParsedEvent = { event: RunEvent; reason?: undefined } | { event?: undefined; reason: string };

export const MAX_EVENT_BYTES = 1024 * 1024;
/** Payloads are stored with JSON.stringify, which uses a stack frame for each level of nesting. */
const MAX_DEPTH = 1000;
const MAX_REASON_LENGTH = 300;

export const ISO_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,20})?)?)(Z|[+-]\d\d:?\d\d)?$/;
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

const schemas = new Map(
  Object.entries(PAYLOAD_SCHEMAS).map(([type, schema]) => [
    type,
    new Schema(schema, { allowUnionTypes: true }),
  ]),
);

/** Parses an envelope from the stream. Never throws: for invalid input it returns the reason. */
export function parseEvent(fields: Partial<Record<keyof StreamFields, string>>): ParsedEvent {
  const { eventId, eventType, eventVersion, occurredAt, runId, payload } = fields;
  const bytes = Buffer.byteLength(payload ?? '');
  if (bytes > MAX_EVENT_BYTES)
    return { reason: `payload is ${bytes} bytes, more than the limit of ${MAX_EVENT_BYTES}` };
  if (!isUuid(eventId)) return { reason: `eventId is not a UUID: ${shown(eventId)}` };
  if (!isUuid(runId)) return { reason: `runId is not a UUID: ${shown(runId)}` };
  if (eventVersion !== '1') return { reason: `eventVersion is not supported: ${shown(eventVersion)}` };
  const schema = schemas.get(eventType ?? '');
  if (!schema) return { reason: `eventType is unknown: ${shown(eventType)}` };
  const instant = instantOf(occurredAt ?? '');
  if (instant === null) return { reason: `occurredAt is not an ISO-8601 time: ${shown(occurredAt)}` };

  if (isTooDeep(payload ?? '')) return { reason: `payload is nested deeper than ${MAX_DEPTH} levels` };
  const content = parseJson(payload ?? '');
  if (content === undefined) return { reason: 'payload is not valid JSON' };
  const faults = schema.faultsOf(content);
  if (faults.length > 0) return { reason: shortReason(Schema.asText(faults, 'payload')) };

  return {
    event: {
      eventId: eventId.toLowerCase(),
      eventType: eventType as RunEventType,
      eventVersion: 1,
      occurredAt: instant,
      runId: runId.toLowerCase(),
      payload: content,
    } as RunEvent,
  };
}

function isUuid(value: string | undefined): value is string {
  return validate(value);
}

/**
 * Parses an ISO 8601 time; without a zone it is UTC. `Date.parse` alone accepts other formats and assumes local time.
 */
export function instantOf(text: string): Instant | null {
  const [, time, zone = 'Z'] = ISO_TIME.exec(text) ?? [];
  const epochMs = Date.parse(`${time}${zone}`);
  // Only four-digit years: otherwise text order would differ from time order.
  return epochMs >= FIRST_MS && epochMs <= LAST_MS ? toInstant(epochMs) : null;
}

/** Whether brackets outside of strings are nested too deep. A text shorter than the limit is not scanned. */
function isTooDeep(json: string): boolean {
  if (json.length <= MAX_DEPTH) return false;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (isInString) {
      if (character === '\\') index++;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === '{' || character === '[') {
      if (++depth > MAX_DEPTH) return true;
    } else if (character === '}' || character === ']') depth--;
  }
  return false;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Shortens a reason: it contains a path into the payload, which may be as long as the payload. */
function shortReason(reason: string): string {
  return reason.length <= MAX_REASON_LENGTH ? reason : `${reason.slice(0, MAX_REASON_LENGTH)}…`;
}

function shown(value: string | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(value.slice(0, 100));
}
