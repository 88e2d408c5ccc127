import { PAYLOAD_SCHEMAS } from './event-schemas';
import { MAX_EVENT_BYTES, parseEvent } from './parse-event';
import {
  type RunEvent,
  type RunEventMap,
  type RunEventType,
  type StreamFields,
  toStreamFields,
} from './run-event';

const EVENT_ID = '0b5f3c1e-8a55-4c1e-9d2f-1a2b3c4d5e6f';
const RUN_ID = '019ca9d6-8580-7000-8000-000000000001';
const AT = '2026-03-01T10:00:00.000Z';

const fields = (more: Partial<Record<keyof StreamFields, string | undefined>> = {}) => ({
  eventId: EVENT_ID,
  eventType: 'run.completed',
  eventVersion: '1',
  occurredAt: AT,
  runId: RUN_ID,
  payload: '{}',
  ...more,
});
const carrying = (eventType: RunEventType, payload: unknown) =>
  parseEvent(fields({ eventType, payload: JSON.stringify(payload) }));

/** One payload of each type, with all members set. */
const PAYLOADS: { [Type in RunEventType]: Required<RunEventMap[Type]> } = {
  'run.requested': {
    projectId: 'demo',
    scope: 'full',
    steps: ['a'],
    definitionHash: 'f',
    params: { a: [1] },
    attempt: 1,
    runInputs: [{ queryId: 'q', queryText: 'x', domain: 'a.com', searchQuery: 'site:a.com x' }],
    quota: { remaining: 0, concurrencyLimit: 2 },
    outputs: { load: { rows: 3, file: 'a.csv', isNew: true } },
    currentResult: 'results/demo/1-0a1b2c3d/jobs.db',
    requestedBy: 'page',
  },
  'run.started': { workerId: 'w', attempt: 1, leaseSeconds: 0.5 },
  'run.heartbeat': { workerId: 'w', attempt: 1, leaseSeconds: 30 },
  'run.progress': {
    attempt: 1,
    step: 'a',
    stepStatus: 'completed',
    exitCode: null,
    stepAttempt: { number: 1, status: 'failed', exitCode: 1, retryAt: AT },
    current: 1.5,
    total: 10,
    message: 'Ünïcode 😀\n',
    metrics: { found: -1.5 },
    outputs: { rows: 3, file: 'a.csv', isNew: true },
    quotaUsed: 3,
    artifacts: [{ name: 'a.csv', size: 0 }],
    stopping: {
      signal: 'SIGTERM',
      cause: 'stop-requested',
      sentAt: AT,
      killAt: AT,
      aliveCount: 1,
      alive: [{ pid: 1, name: 'python3' }],
    },
  },
  'run.log': { attempt: 1, lines: [{ n: 0, at: AT, stream: 'stderr', step: 'a', text: '' }] },
  'run.completed': {
    attempt: 1,
    status: 'partial',
    reason: 'quota-reached',
    newJobsCount: 1,
    relevantCount: 2,
    persistedResults: 3,
    issuedCalls: 4,
    zeroResults: [{ queryText: 'x', domain: 'a.com', occurredAt: AT }],
    metrics: { a: 1 },
    artifacts: [{ name: 'a.csv', size: 1 }],
    result: { path: 'jobs.db' },
    resultsDb: 'db/jobs.db',
  },
  'run.failed': { attempt: 1, errorCode: 'E', message: 'm', step: 'a', reason: 'step-failed' },
  'run.cancel.requested': { reason: 'cancelled-by-user', requestedBy: 'ada' },
  'run.cancelled': { attempt: 1 },
};
const TYPES = Object.keys(PAYLOADS) as RunEventType[];

describe('parseEvent', () => {
  it('is tested with every event type', () =>
    expect(TYPES.sort()).toEqual(Object.keys(PAYLOAD_SCHEMAS).sort()));

  it.each(TYPES)('reads a valid %s', (eventType) => {
    const event = {
      eventId: EVENT_ID,
      eventType,
      eventVersion: 1,
      occurredAt: AT,
      runId: RUN_ID,
      payload: PAYLOADS[eventType],
    } as RunEvent;
    expect(parseEvent({ ...toStreamFields(event) })).toEqual({ event });
  });

  it('keeps unknown payload members at any depth', () => {
    const payload = { newJobsCount: 1, future: { a: [1, null] }, artifacts: [{ name: 'a', colour: 'red' }] };
    expect(carrying('run.completed', payload).event?.payload).toEqual(payload);
  });

  it('ignores unknown envelope fields', () =>
    expect(parseEvent({ ...fields(), traceId: '7' } as Record<string, string>).event).not.toHaveProperty(
      'traceId',
    ));

  it('reads UUIDs in upper case', () =>
    expect(
      parseEvent(fields({ eventId: EVENT_ID.toUpperCase(), runId: RUN_ID.toUpperCase() })).event,
    ).toMatchObject({
      eventId: EVENT_ID,
      runId: RUN_ID,
    }));

  it.each([
    ['2026-03-01T10:00:00Z', AT],
    ['2026-03-01T10:00:00.000Z', AT],
    ['2026-03-01T10:00:00.000999Z', AT],
    ['2026-03-01T11:00:00+01:00', AT],
    ['2026-03-01T10:00:00', AT],
    ['2026-03-01T10:00:00.123456', '2026-03-01T10:00:00.123Z'],
    ['2026-03-01T10:00Z', AT],
    ['2026-03-01T05:30:00-0430', AT],
  ])('reads the time %s, as UTC if it has no zone', (occurredAt, instant) =>
    expect(parseEvent(fields({ occurredAt })).event?.occurredAt).toBe(instant),
  );

  it.each<[keyof StreamFields, string | undefined, RegExp]>([
    ['eventId', undefined, /eventId is not a UUID: missing/],
    ['eventId', '', /eventId is not a UUID: ""/],
    ['eventId', '17', /eventId is not a UUID: "17"/],
    ['eventId', `${EVENT_ID} `, /eventId is not a UUID/],
    ['eventId', `${EVENT_ID}\n`, /eventId is not a UUID/],
    ['runId', undefined, /runId is not a UUID: missing/],
    ['runId', "1' OR '1'='1", /runId is not a UUID/],
    ['runId', 'x'.repeat(5000), /runId is not a UUID: "x{100}"$/],
    ['eventVersion', undefined, /eventVersion is not supported: missing/],
    ['eventVersion', '2', /eventVersion is not supported: "2"/],
    ['eventVersion', '1.0', /eventVersion is not supported: "1.0"/],
    ['eventVersion', ' 1', /eventVersion is not supported/],
    ['eventType', undefined, /eventType is unknown: missing/],
    ['eventType', 'run.exploded', /eventType is unknown: "run.exploded"/],
    ['eventType', 'RUN.COMPLETED', /eventType is unknown/],
    ['eventType', 'constructor', /eventType is unknown: "constructor"/],
    ['eventType', '__proto__', /eventType is unknown: "__proto__"/],
    ['occurredAt', undefined, /occurredAt is not an ISO-8601 time: missing/],
    ['occurredAt', 'yesterday', /occurredAt is not an ISO-8601 time: "yesterday"/],
    ['occurredAt', '2026-13-01T10:00:00Z', /occurredAt is not an ISO-8601 time/],
    ['occurredAt', '1772359200000', /occurredAt is not an ISO-8601 time/],
    ['occurredAt', '1', /occurredAt is not an ISO-8601 time/],
    ['occurredAt', 'Sun, 01 Mar 2026 10:00:00 GMT', /occurredAt is not an ISO-8601 time/],
    ['occurredAt', '+010000-01-01T00:00:00.000Z', /occurredAt is not an ISO-8601 time/],
    ['occurredAt', '9999-12-31T23:59:59-01:00', /occurredAt is not an ISO-8601 time/],
    ['occurredAt', '2026-03-01', /occurredAt is not an ISO-8601 time/],
    ['occurredAt', `2026-03-01T10:00:00.${'0'.repeat(1000)}Z`, /occurredAt is not an ISO-8601 time/],
    ['occurredAt', '-000001-01-01T00:00:00.000Z', /occurredAt is not an ISO-8601 time/],
    ['payload', undefined, /payload is not valid JSON/],
    ['payload', '', /payload is not valid JSON/],
    ['payload', '{', /payload is not valid JSON/],
    ['payload', '{}{}', /payload is not valid JSON/],
    ['payload', 'null', /payload must be object/],
    ['payload', '[]', /payload must be object/],
    ['payload', '"{}"', /payload must be object/],
  ])('rejects %s: %j', (name, value, reason) =>
    expect(parseEvent(fields({ [name]: value }))).toEqual({ reason: expect.stringMatching(reason) }),
  );

  it.each<[RunEventType, unknown, RegExp]>([
    ['run.requested', {}, /required property 'projectId'/],
    ['run.started', { workerId: 'w' }, /required property 'attempt'/],
    ['run.started', { workerId: '', attempt: 1 }, /payload\/workerId/],
    ['run.started', { workerId: 'w', attempt: 0 }, /payload\/attempt must be >= 1/],
    ['run.started', { workerId: 'w', attempt: 1.5 }, /payload\/attempt must be integer/],
    ['run.started', { workerId: 'w', attempt: '1' }, /payload\/attempt must be integer/],
    ['run.started', { workerId: 'w', attempt: 1, leaseSeconds: 0 }, /payload\/leaseSeconds must be > 0/],
    [
      'run.heartbeat',
      { workerId: 'w', attempt: 1, leaseSeconds: 1e9 },
      /payload\/leaseSeconds must be <= 86400/,
    ],
    ['run.heartbeat', { workerId: 'w'.repeat(201), attempt: 1 }, /payload\/workerId/],
    ['run.progress', { stepStatus: 'pending' }, /payload\/stepStatus must be equal to one of/],
    ['run.progress', { current: -1 }, /payload\/current must be >= 0/],
    ['run.progress', { metrics: { a: 'b' } }, /payload\/metrics\/a must be number/],
    [
      'run.progress',
      { artifacts: [{ size: 1 }] },
      /payload\/artifacts\/0 must have required property 'name'/,
    ],
    ['run.log', {}, /required property 'lines'/],
    ['run.log', { lines: ['hello'] }, /payload\/lines\/0 must be object/],
    ['run.log', { lines: [{ text: 5 }] }, /payload\/lines\/0\/text must be string/],
    ['run.log', { lines: [{ text: 'a', stream: 'stdlog' }] }, /payload\/lines\/0\/stream/],
    ['run.log', { lines: [{ text: 'a', n: -1 }] }, /payload\/lines\/0\/n must be >= 0/],
    ['run.completed', { status: 'failed' }, /payload\/status must be equal to one of/],
    ['run.completed', { newJobsCount: -1 }, /payload\/newJobsCount must be >= 0/],
    ['run.completed', { newJobsCount: 1.5 }, /payload\/newJobsCount must be integer/],
    ['run.failed', { errorCode: 'E' }, /required property 'message'/],
    ['run.failed', { message: 'm' }, /required property 'errorCode'/],
    ['run.cancel.requested', { reason: 'r' }, /required property 'requestedBy'/],
    ['run.cancelled', { attempt: -1 }, /payload\/attempt must be >= 1/],
  ])('rejects a %s with the payload %j', (eventType, payload, reason) =>
    expect(carrying(eventType, payload)).toEqual({ reason: expect.stringMatching(reason) }),
  );

  it('rejects numbers out of range', () =>
    expect(parseEvent(fields({ payload: '{"metrics":{"a":1e999}}' })).reason).toMatch(
      /payload\/metrics\/a must be number/,
    ));

  it('accepts a payload of 1 MiB and rejects one that is a byte longer', () => {
    const around = '{"future":""}'.length;
    const payload = (bytes: number) => `{"future":"${'x'.repeat(bytes - around)}"}`;
    expect(parseEvent(fields({ payload: payload(MAX_EVENT_BYTES) })).event).toBeDefined();
    expect(parseEvent(fields({ payload: payload(MAX_EVENT_BYTES + 1) })).reason).toMatch(
      /is 1048577 bytes, more than the limit of 1048576/,
    );
  });

  it('measures the payload in bytes, not characters', () =>
    expect(
      parseEvent(fields({ payload: `{"future":"${'中'.repeat(MAX_EVENT_BYTES / 2)}"}` })).reason,
    ).toMatch(/more than/));

  it('rejects a payload nested deeper than 1000 levels', () => {
    const deep = (levels: number) => `{"future":${'['.repeat(levels)}"[{\\"[["${']'.repeat(levels)}}`;
    expect(parseEvent(fields({ payload: deep(999) })).event).toBeDefined();
    for (const levels of [1000, 5000, 200_000]) {
      expect(parseEvent(fields({ payload: deep(levels) })).reason).toBe(
        'payload is nested deeper than 1000 levels',
      );
    }
    const wide = `{"future":[${'[],{},"[",'.repeat(20_000)}0]}`;
    expect(parseEvent(fields({ payload: wide })).event).toBeDefined();
  });

  it('ignores __proto__ in a payload', () => {
    const { event } = parseEvent(
      fields({ payload: '{"__proto__":{"status":"partial"},"metrics":{"__proto__":1}}' }),
    );
    expect((event?.payload as { status?: string }).status).toBeUndefined();
    expect(({} as { status?: string }).status).toBeUndefined();
  });

  it('never throws for invalid fields', () => {
    const values = [undefined, '', '\0', '{}', '1', RUN_ID, 'run.log', '{"lines":null}', '[[[[', '\uD800'];
    for (const [name, value] of Object.keys(fields()).flatMap((name) =>
      values.map((value) => [name, value] as const),
    )) {
      expect(() => parseEvent(fields({ [name]: value }))).not.toThrow();
    }
    expect(parseEvent({}).reason).toBeDefined();
  });
});
