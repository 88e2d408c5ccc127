import { DELIVERY_RULES } from './asyncapi-rules';
import { envelopeFields, httpEventSchema, streamEntrySchema } from './envelope-schema';
import { EVENT_EXAMPLES } from './event-examples';
import { type JsonSchema, PAYLOAD_SCHEMAS } from './event-schemas';
import { describedPayloadSchema, EVENT_DESCRIPTIONS } from './event-descriptions';
import { type RunEventType, toStreamFields } from './run-event';

export interface AsyncApiSurroundings {
  runEventsStream: string;
  runLogsStream: string;
  /** Null for the embedded event stream. */
  redisUrl: string | null;
  /** Host and protocol of the request for the document. */
  http: { host: string; protocol: string };
}

export const MAX_EVENTS_PER_CALL = 500;
export const EVENT_TYPES = Object.keys(PAYLOAD_SCHEMAS) as RunEventType[];

const ref = (to: string) => ({ $ref: `#/${to}` });
const sentBy = (who: 'jobato' | 'worker') =>
  EVENT_TYPES.filter((type) => EVENT_DESCRIPTIONS[type].sentBy === who);

/** Returns the component name of an event type: `run.cancel.requested` → `RunCancelRequested`. */
export function componentName(type: RunEventType): string {
  return type.replace(/(^|\.)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
}

/** Returns the event contract as an AsyncAPI 3 document. It contains the schemas that validate the events. Pure. */
export function asyncApiDocument({ runEventsStream, runLogsStream, redisUrl, http }: AsyncApiSurroundings) {
  const onChannel = (channel: string, types: RunEventType[]) =>
    types.map((type) => ref(`channels/${channel}/messages/${componentName(type)}`));
  return {
    asyncapi: '3.0.0',
    id: 'urn:jobato:run-events',
    info: {
      title: 'Jobato run events',
      version: '1.0.0',
      description:
        'Events about runs between Jobato and workers. Each event has six text fields ' +
        '(eventId, eventType, eventVersion, occurredAt, runId, payload). On the stream, `payload` is JSON text. The ' +
        'message headers below are the other five fields.\n\n' +
        DELIVERY_RULES.map(({ title, text }) => `- **${title}.** ${text}`).join('\n'),
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
      tags: [{ name: 'runs' }],
    },
    defaultContentType: 'application/json',
    servers: {
      redis: redisServer(redisUrl),
      http: {
        host: http.host,
        protocol: http.protocol,
        description:
          'For workers that do not use Redis. The OpenAPI document describes the other internal calls.',
        security: [ref('components/securitySchemes/apiKey')],
      },
    },
    channels: {
      runEvents: {
        address: runEventsStream,
        title: 'Run events',
        description: `Redis stream. Add an event with XADD ${runEventsStream} '*' and the six fields.`,
        servers: [ref('servers/redis')],
        messages: messagesOf(EVENT_TYPES),
      },
      runLogs: {
        address: runLogsStream,
        title: 'Log lines',
        description:
          'Second Redis stream for run.log only, which keeps the event stream small. Jobato reads run.log from both.',
        servers: [ref('servers/redis')],
        messages: messagesOf(['run.log']),
      },
      eventsOverHttp: {
        address: '/api/internal/events',
        title: 'Events over HTTP',
        description: 'One event or an array of up to 500. The same rules apply as to events on the stream.',
        servers: [ref('servers/http')],
        messages: {
          Events: ref('components/messages/Events'),
          Accepted: ref('components/messages/Accepted'),
        },
      },
    },
    operations: {
      askWorkers: {
        action: 'send',
        title: 'Request work',
        summary: 'Jobato requests the execution or the stop of a run.',
        channel: ref('channels/runEvents'),
        messages: onChannel('runEvents', sentBy('jobato')),
      },
      hearWorkers: {
        action: 'receive',
        title: 'Receive events',
        summary: 'Jobato applies events that workers send.',
        channel: ref('channels/runEvents'),
        messages: onChannel('runEvents', sentBy('worker')),
      },
      storeLogLines: {
        action: 'receive',
        title: 'Store log lines',
        summary: 'Jobato numbers the lines and stores them with the run.',
        channel: ref('channels/runLogs'),
        messages: onChannel('runLogs', ['run.log']),
      },
      hearWorkersOverHttp: {
        action: 'receive',
        title: 'Receive events over HTTP',
        summary: 'Jobato applies events that workers send over HTTP, and returns the result.',
        channel: ref('channels/eventsOverHttp'),
        messages: [ref('channels/eventsOverHttp/messages/Events')],
        bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
        reply: {
          channel: ref('channels/eventsOverHttp'),
          messages: [ref('channels/eventsOverHttp/messages/Accepted')],
        },
      },
    },
    components: { securitySchemes, schemas: schemas(), messages: messages() },
  };
}

const securitySchemes = {
  apiKey: {
    type: 'httpApiKey',
    name: 'X-Jobato-Api-Key',
    in: 'header',
    description: 'A key from JOBATO_API_KEY.',
  },
};

function redisServer(redisUrl: string | null) {
  if (redisUrl === null) {
    return {
      host: 'localhost:6379',
      protocol: 'redis',
      description: 'Not in use: this server uses the embedded event stream. Set REDIS_URL to use Redis.',
    };
  }
  // Only host and port: the rest of the URL may contain a secret.
  const { hostname, port, protocol } = new URL(redisUrl);
  return {
    host: `${hostname || 'localhost'}:${port || 6379}`,
    protocol: protocol.replace(':', ''),
    description: 'The Redis server that this Jobato uses (REDIS_URL).',
  };
}

function messagesOf(types: RunEventType[]) {
  return Object.fromEntries(
    types.map((type) => [componentName(type), ref(`components/messages/${componentName(type)}`)]),
  );
}

function schemas(): Record<string, JsonSchema> {
  const eventSchemas = EVENT_TYPES.flatMap((type) => {
    const name = componentName(type);
    return [
      [`${name}Payload`, describedPayloadSchema(type, PAYLOAD_SCHEMAS[type])],
      [`${name}Event`, httpEventSchema(type, ref(`components/schemas/${name}Payload`))],
    ];
  });
  const anyEvent = EVENT_TYPES.map((type) => ref(`components/schemas/${componentName(type)}Event`));
  return {
    StreamEntry: streamEntrySchema(EVENT_TYPES),
    Event: { description: 'Any event over HTTP.', oneOf: anyEvent },
    Events: {
      description: `One event, or up to ${MAX_EVENTS_PER_CALL}.`,
      oneOf: [
        ref('components/schemas/Event'),
        { type: 'array', items: ref('components/schemas/Event'), maxItems: MAX_EVENTS_PER_CALL },
      ],
    },
    ...Object.fromEntries(eventSchemas),
  };
}

function messages(): Record<string, object> {
  const ofStream = EVENT_TYPES.map((type) => {
    const { payload: _, ...headers } = toStreamFields(EVENT_EXAMPLES[type]);
    return [
      componentName(type),
      {
        name: type,
        title: type,
        summary: EVENT_DESCRIPTIONS[type].summary,
        contentType: 'application/json',
        headers: envelopeFields([type]),
        payload: ref(`components/schemas/${componentName(type)}Payload`),
        examples: [{ name: 'example', headers, payload: EVENT_EXAMPLES[type].payload }],
      },
    ];
  });
  return {
    ...Object.fromEntries(ofStream),
    Events: {
      name: 'events',
      title: 'Events',
      contentType: 'application/json',
      payload: ref('components/schemas/Events'),
      examples: [
        { name: 'example', payload: [EVENT_EXAMPLES['run.started'], EVENT_EXAMPLES['run.completed']] },
      ],
    },
    Accepted: {
      name: 'accepted',
      title: 'Accepted',
      summary: 'Response 202: the number of accepted events, and the rejected ones with reasons.',
      contentType: 'application/json',
      payload: {
        type: 'object',
        required: ['accepted', 'duplicates', 'rejected'],
        properties: {
          accepted: { type: 'integer', minimum: 0 },
          duplicates: { type: 'integer', minimum: 0 },
          rejected: {
            type: 'array',
            items: {
              type: 'object',
              required: ['index', 'reason'],
              properties: { index: { type: 'integer', minimum: 0 }, reason: { type: 'string' } },
            },
          },
        },
      },
      examples: [{ name: 'example', payload: { accepted: 2, duplicates: 0, rejected: [] } }],
    },
  };
}
