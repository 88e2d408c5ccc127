import { schemasWithoutId } from '@asyncapi/specs';
import Ajv from 'ajv';
import { asyncApiDocument, componentName, EVENT_TYPES } from '../src/events/asyncapi';
import { envelopeFields, streamEntrySchema } from '../src/events/envelope-schema';
import { EVENT_EXAMPLES } from '../src/events/event-examples';
import { type JsonSchema, PAYLOAD_SCHEMAS } from '../src/events/event-schemas';
import { describedPayloadSchema } from '../src/events/event-descriptions';
import { parseEvent } from '../src/events/parse-event';
import { type StreamFields, toStreamFields } from '../src/events/run-event';
import { schemaRows } from '../src/admin/installation/schema-rows';
import { launchBrowser, openPage } from './support/browser';
import { RunningApp } from './support/jobato';

type Json = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

const SURROUNDINGS = {
  runEventsStream: 'ml:run-events',
  runLogsStream: 'ml:run-logs',
  redisUrl: null,
  http: { host: 'jobato.example:8443', protocol: 'https' },
};

const fitsAsyncApi = new Ajv({ strict: false, logger: false, validateFormats: false }).compile(
  schemasWithoutId['3.0.0'],
);

/** Returns the target of a reference; undefined if there is none. */
function target(document: Json, { $ref }: Json): Json {
  return $ref
    .slice(2)
    .split('/')
    .reduce((found: Json | undefined, name: string) => found?.[name.replaceAll('~1', '/')], document);
}

function referencesIn(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  return '$ref' in value ? [value] : Object.values(value).flatMap(referencesIn);
}

function complaintsOf(document: Json): string[] {
  const complaints = fitsAsyncApi(document)
    ? []
    : fitsAsyncApi.errors!.map(({ instancePath, message }) => `${instancePath}: ${message}`);
  for (const reference of referencesIn(document))
    if (target(document, reference) === undefined) complaints.push(`${reference.$ref} leads nowhere`);
  for (const [name, { channel, messages }] of Object.entries<Json>(document.operations))
    for (const { $ref } of messages)
      if (!$ref.startsWith(`${channel.$ref}/messages/`))
        complaints.push(`${name}: ${$ref} is not of its channel`);
  return complaints;
}

describe('AsyncAPI document', () => {
  const document: Json = asyncApiDocument(SURROUNDINGS);

  it('matches the official schema and has no broken references', () => {
    expect(complaintsOf(document)).toEqual([]);
    const operations: Json[] = Object.values(document.operations);
    expect(
      operations.map(({ action, channel, messages }) => [
        action,
        target(document, channel).address,
        messages.map((message: Json) => target(document, target(document, message)).name),
      ]),
    ).toEqual([
      ['send', 'ml:run-events', ['run.requested', 'run.cancel.requested']],
      [
        'receive',
        'ml:run-events',
        EVENT_TYPES.filter((type) => !['run.requested', 'run.cancel.requested'].includes(type)),
      ],
      ['receive', 'ml:run-logs', ['run.log']],
      ['receive', '/api/internal/events', ['events']],
    ]);
  });

  it('is invalid if an operation uses a message of another channel', () => {
    const broken = structuredClone(document);
    broken.operations.storeLogLines.messages.push({ $ref: '#/channels/runEvents/messages/RunFailed' });
    expect(complaintsOf(broken)).toEqual([
      'storeLogLines: #/channels/runEvents/messages/RunFailed is not of its channel',
    ]);
  });

  it.each(EVENT_TYPES)('has an example of %s that the parser accepts', (type) => {
    const [example] = document.components.messages[componentName(type)].examples as Json[];
    const fields = { ...example!.headers, payload: JSON.stringify(example!.payload) } as StreamFields;
    expect(parseEvent(fields)).toEqual({ event: EVENT_EXAMPLES[type] });
  });

  it.each(EVENT_TYPES)('publishes the validation schema of %s with a description of each member', (type) => {
    const published = document.components.schemas[`${componentName(type)}Payload`] as JsonSchema;
    expect(withoutWords(published)).toEqual(PAYLOAD_SCHEMAS[type]);
    for (const { path, description } of schemaRows(published)) {
      expect({ path, description }).toEqual({ path, description: expect.stringMatching(/\w.*\.$/) });
    }
  });

  const envelopes: [string, Partial<StreamFields>][] = [
    ['as it should be', {}],
    ['with an id that is no UUID', { eventId: 'abc' }],
    ['with a UUID of no known version', { eventId: '0b5f3c1e-8a55-9c1e-9d2f-1a2b3c4d5e6f' }],
    ['with a UUID in capitals', { eventId: '0B5F3C1E-8A55-4C1E-9D2F-1A2B3C4D5E6F' }],
    ['with another version', { eventVersion: '2' }],
    ['of an unknown type', { eventType: 'run.paused' }],
    ['at no time', { occurredAt: 'yesterday' }],
    ['with a time without a zone', { occurredAt: '2026-03-01T10:00:00' }],
    ['with an offset', { occurredAt: '2026-03-01T10:00:00.123456+00:00' }],
    ['of no run', { runId: '' }],
  ];
  it.each(envelopes)('validates an entry %s like the parser', (_, change) => {
    const fields = { ...toStreamFields(EVENT_EXAMPLES['run.cancelled']), ...change };
    const validate = new Ajv().compile(streamEntrySchema(EVENT_TYPES));
    expect(validate(fields)).toBe(parseEvent(fields).reason === undefined);
    expect(new Ajv().validate(envelopeFields(EVENT_TYPES), fields)).toBe(validate(fields));
  });

  it('uses the same schemas for events over HTTP', () => {
    const validate = new Ajv({ strict: false }).compile({
      $ref: '#/components/schemas/Events',
      components: document.components,
    });
    expect(validate(Object.values(EVENT_EXAMPLES))).toBe(true);
    expect(validate(EVENT_EXAMPLES['run.started'])).toBe(true);
    expect(validate({ ...EVENT_EXAMPLES['run.started'], payload: {} })).toBe(false);
    expect(validate({ ...EVENT_EXAMPLES['run.started'], eventVersion: '1' })).toBe(false);
  });

  it('includes the Redis host without its credentials', () => {
    const redisUrl = 'rediss://someone:secret@redis.example:6380/3?family=6';
    const { servers } = asyncApiDocument({ ...SURROUNDINGS, redisUrl });
    expect(servers.redis).toMatchObject({ host: 'redis.example:6380', protocol: 'rediss' });
    expect(JSON.stringify(servers)).not.toMatch(/secret|someone/);
    const plain = asyncApiDocument({ ...SURROUNDINGS, redisUrl: 'redis://redis.example' });
    expect(plain.servers.redis.host).toBe('redis.example:6379');
  });

  it('describes each payload schema', () => {
    const { description, type } = describedPayloadSchema('run.cancelled', PAYLOAD_SCHEMAS['run.cancelled']);
    expect({ description, type }).toEqual({ description: expect.stringMatching(/stopped/), type: 'object' });
  });
});

describe('event contract', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({}, { RUN_EVENTS_STREAM: 'our:events', WORKER: 'off' });
  });
  afterAll(() => jobato.stop());

  it('is published as AsyncAPI with the configured names', async () => {
    const response = await jobato.fetch('/api/asyncapi.json');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const document = (await response.json()) as Json;
    expect(document.channels.runEvents.address).toBe('our:events');
    expect(document.servers.http).toMatchObject({ host: new URL(jobato.url).host, protocol: 'http' });
    expect(complaintsOf(document)).toEqual([]);
  });

  it('is shown as a page that other pages link to', async () => {
    const page = await (await jobato.fetch('/events/contract')).text();
    for (const type of EVENT_TYPES) expect(page).toContain(`<code>${type}</code></a>`);
    expect(page).toContain('our:events');
    expect(page).toContain('definitionHash');
    expect(page).toContain('href="/api/asyncapi.json"');
    for (const path of ['/status', '/workers']) {
      expect(await (await jobato.fetch(path)).text()).toContain('href="/events/contract"');
    }
    const { info } = (await (await jobato.fetch('/api/openapi.json')).json()) as Json;
    expect(info.description).toContain('(/events/contract)');
  });

  it('fits a phone screen without JavaScript', async () => {
    const browser = await launchBrowser();
    try {
      const { page, complaints } = await openPage(browser, jobato.url, {
        viewport: { width: 360, height: 800 },
        javaScriptEnabled: false,
      });
      await page.goto('/events/contract');
      const { width } = (await page.locator('html').boundingBox())!;
      expect(width).toBe(360);
      const [type, meaning] = await Promise.all(
        ['Type', 'Description'].map((label) =>
          page
            .locator('#RunRequested')
            .locator('xpath=../..')
            .locator(`td[data-label=${label}]`)
            .first()
            .boundingBox(),
        ),
      );
      expect(meaning!.x + meaning!.width).toBeLessThanOrEqual(360);
      expect(meaning!.y).toBeGreaterThanOrEqual(type!.y + type!.height);
      await page.getByRole('link', { name: 'run.cancelled', exact: true }).click();
      expect(page.url()).toMatch(/#RunCancelled$/);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

function withoutWords(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutWords);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword, value]) => keyword !== 'description' || typeof value !== 'string')
      .map(([keyword, value]) => [keyword, withoutWords(value)]),
  );
}
