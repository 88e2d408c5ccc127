import type { JsonSchema } from './event-schemas';
import { ISO_TIME, MAX_EVENT_BYTES } from './parse-event';

const UUID =
  '^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|0{8}-0{4}-0{4}-0{4}-0{12}|[fF]{8}-[fF]{4}-[fF]{4}-[fF]{4}-[fF]{12})$';

const eventId: JsonSchema = {
  type: 'string',
  pattern: UUID,
  description:
    'Unique UUID of the event. Use the same eventId to send the same event again; it is applied once.',
};
const occurredAt: JsonSchema = {
  type: 'string',
  pattern: ISO_TIME.source,
  description: 'When the event happened, ISO 8601 in UTC. A time without a zone is interpreted as UTC.',
};
const runId: JsonSchema = {
  type: 'string',
  pattern: UUID,
  description: 'Run id from run.requested.',
};
const ofType = (eventTypes: readonly string[]): JsonSchema => ({
  type: 'string',
  ...(eventTypes.length === 1 ? { const: eventTypes[0] } : { enum: eventTypes }),
  description: 'Type of the event.',
});

/** Schema of the stream fields other than `payload`. */
export function envelopeFields(eventTypes: readonly string[]): JsonSchema {
  return {
    type: 'object',
    required: ['eventId', 'eventType', 'eventVersion', 'occurredAt', 'runId'],
    properties: {
      eventId,
      eventType: ofType(eventTypes),
      eventVersion: { type: 'string', const: '1', description: 'Version of the event contract.' },
      occurredAt,
      runId,
    },
  };
}

/** Schema of a stream entry: six strings, plus a seventh for attempts claimed over HTTP. */
export function streamEntrySchema(eventTypes: readonly string[]): JsonSchema {
  const { required, properties, ...rest } = envelopeFields(eventTypes) as {
    required: string[];
    properties: JsonSchema;
  };
  return {
    ...rest,
    description: 'Stream entry. All six fields are text; other fields are stored and ignored.',
    required: [...required, 'payload'],
    properties: {
      ...properties,
      payload: {
        type: 'string',
        maxLength: MAX_EVENT_BYTES,
        contentMediaType: 'application/json',
        description: `Payload as JSON text, at most ${MAX_EVENT_BYTES} bytes.`,
      },
      leaseProof: {
        type: 'string',
        description:
          'Only for an attempt that was claimed over HTTP: HMAC-SHA256 in lower-case hexadecimal, keyed with the ' +
          'leaseToken, over eventId, eventType, runId and payload as sent, joined by line feeds. Without it such an ' +
          'event is recorded and has no effect.',
      },
    },
  };
}

/** Schema of the same envelope over HTTP: the version is a number and the payload an object. */
export function httpEventSchema(eventType: string, payload: JsonSchema): JsonSchema {
  return {
    type: 'object',
    description: `${eventType} over HTTP.`,
    required: ['eventId', 'eventType', 'eventVersion', 'occurredAt', 'runId', 'payload'],
    properties: {
      eventId,
      eventType: ofType([eventType]),
      eventVersion: { type: 'integer', const: 1, description: 'Version of the event contract.' },
      occurredAt,
      runId,
      payload,
      leaseToken: {
        type: 'string',
        description:
          'Only for an attempt that was claimed over HTTP: leaseToken from the claim response. Never stored.',
      },
    },
  };
}
