import Ajv from 'ajv';
import { validate } from 'uuid';
import { toInstant } from '../clock/clock';
import { PAYLOAD_SCHEMAS } from './event-schemas';
import type { RunEvent, RunEventType, StreamFields } from './run-event';

export type ParsedEvent = { event: RunEvent; reason?: undefined } | { event?: undefined; reason: string };

export const MAX_EVENT_BYTES = 1024 * 1024;

const ajv = new Ajv({ allowUnionTypes: true });
const validators = new Map(
  Object.entries(PAYLOAD_SCHEMAS).map(([type, schema]) => [type, ajv.compile(schema)] as const),
);

/** Reads an envelope off the stream. Whoever sent it, it never throws: the reason says what is wrong with it. */
export function parseEvent(fields: Partial<Record<keyof StreamFields, string>>): ParsedEvent {
  const { eventId, eventType, eventVersion, occurredAt, runId, payload } = fields;
  const bytes = Buffer.byteLength(payload ?? '');
  if (bytes > MAX_EVENT_BYTES) return { reason: `payload has ${bytes} bytes, more than ${MAX_EVENT_BYTES}` };
  if (!isUuid(eventId)) return { reason: `eventId is not a UUID: ${shown(eventId)}` };
  if (!isUuid(runId)) return { reason: `runId is not a UUID: ${shown(runId)}` };
  if (eventVersion !== '1') return { reason: `eventVersion is not supported: ${shown(eventVersion)}` };
  const checkPayload = validators.get(eventType ?? '');
  if (!checkPayload) return { reason: `eventType is unknown: ${shown(eventType)}` };
  const occurredAtMs = Date.parse(occurredAt ?? '');
  if (Number.isNaN(occurredAtMs))
    return { reason: `occurredAt is not an ISO-8601 time: ${shown(occurredAt)}` };

  const content = parseJson(payload ?? '');
  if (content === undefined) return { reason: 'payload is not JSON' };
  if (!checkPayload(content)) return { reason: ajv.errorsText(checkPayload.errors, { dataVar: 'payload' }) };

  return {
    event: {
      eventId: eventId.toLowerCase(),
      eventType: eventType as RunEventType,
      eventVersion: 1,
      occurredAt: toInstant(occurredAtMs),
      runId: runId.toLowerCase(),
      payload: content,
    } as RunEvent,
  };
}

function isUuid(value: string | undefined): value is string {
  return validate(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shown(value: string | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(value.slice(0, 100));
}
