import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { EventStream } from '../src/events/event-stream';
import { toStreamFields } from '../src/events/run-event';
import type { RunView } from '../src/runs/run-view';
import { EventApplier } from '../src/intake/event-applier';
import { Database } from '../src/database/database';
import { StorageError } from '../src/database/storage-error';
import { untilQuiet } from './support/crash';
import { invalid, problem } from './support/expect-problem';
import { RunningApp } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

interface ListedEvent {
  eventType: string;
  outcome: string;
  payload: object;
}
interface Rejected {
  id: number;
  reason: string;
  fields: Record<string, string>;
}

describe('events over HTTP', () => {
  const PROJECTS = Array.from({ length: 40 }, (_, index) => `p${index}`);
  let jobato: RunningApp;
  let worker: HttpWorker;
  let used = 0;
  beforeAll(async () => {
    const files = PROJECTS.map((id) => [id, externalProject(id, 'retry: { maxAttempts: 2 }\n')] as const);
    jobato = await RunningApp.start(Object.fromEntries(files), { JOBATO_API_KEY: KEY });
    worker = new HttpWorker(jobato);
  });
  afterAll(() => jobato.stop());

  const send = (body: string) => worker.api.post('/api/internal/events').type('json').send(body);
  const aRun = async () => (await jobato.trigger(PROJECTS[used++]!)).runId;
  const runOf = async (runId: string) =>
    (await jobato.api.get(`/api/runs/${runId}`).expect(200)).body as RunView;
  const eventsOf = async (runId: string) => {
    const { body } = await jobato.api.get(`/api/runs/${runId}/events`).expect(200);
    return (body as { items: ListedEvent[] }).items;
  };
  const rejectedNow = async () => {
    const { body } = await jobato.api.get('/api/events/rejected?limit=200').expect(200);
    return (body as { items: Rejected[] }).items;
  };
  const history = async (runId: string) =>
    (await eventsOf(runId)).map(({ eventType, outcome }) => `${eventType} ${outcome}`);

  it('change the run before the response, and only once', async () => {
    const runId = await aRun();
    const ended = jobato.untilEnded(runId);
    const completed = anEvent(runId, 'run.completed', { newJobsCount: 3, future: { kept: true } });
    expect(await worker.say(completed)).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    expect(await runOf(runId)).toMatchObject({ status: 'completed', summary: { newJobsCount: 3 } });
    expect((await ended).status).toBe('completed'); // the event woke the waiting call
    expect(
      await worker.say(completed, { ...completed, eventId: String(completed.eventId).toUpperCase() }),
    ).toEqual({ accepted: 0, duplicates: 2, rejected: [] });
    const items = await eventsOf(runId);
    expect(items.map(({ eventType }) => eventType)).toEqual(['run.requested', 'run.completed']);
    expect(items[1]!.payload).toEqual({ newJobsCount: 3, future: { kept: true } });
  });

  it('stop at a storage error, and all apply once when sent again', async () => {
    const runId = await aRun();
    const events = [
      anEvent(runId, 'run.progress', { metrics: { found: 5 }, more: 'x'.repeat(600_000) }),
      anEvent(runId, 'run.progress', { more: 'x'.repeat(600_000) }),
      anEvent(runId, 'run.completed', {}),
    ];
    const applier = jobato.app.get(EventApplier, { strict: false });
    const apply = applier.apply.bind(applier);
    const refusal = jest
      .spyOn(applier, 'apply')
      .mockImplementation((entry, evidence) =>
        entry.fields.eventId === events[0]!.eventId
          ? Promise.reject(new StorageError('locked'))
          : apply(entry, evidence),
      );
    try {
      await worker.post('events', events).expect(problem(503, 'STORAGE_UNAVAILABLE'));
    } finally {
      refusal.mockRestore();
    }
    expect(await runOf(runId)).toMatchObject({ status: 'running' });
    expect(await worker.say(...events)).toMatchObject({ accepted: 2, duplicates: 1 });
    expect(await runOf(runId)).toMatchObject({ status: 'completed', summary: { found: 5 } });
  });

  it('can use the flat form of the stream', async () => {
    const runId = await aRun();
    const flat = { eventVersion: '1', payload: JSON.stringify({ relevantCount: 2 }) };
    expect(await worker.say(anEvent(runId, 'run.completed', {}, flat))).toMatchObject({ accepted: 1 });
    expect(await runOf(runId)).toMatchObject({ summary: { relevantCount: 2 } });
  });

  it('can name impossible stop times, which are ignored', async () => {
    const runId = await aRun();
    const stopping = {
      cause: 'shutting-down',
      signal: 'SIGTERM',
      sentAt: '-271821-04-20T00:00:00.000Z',
      killAt: '+275760-09-13T00:00:00.000Z',
    };
    expect(
      await worker.say(
        anEvent(runId, 'run.progress', { stopping }),
        anEvent(runId, 'run.progress', { current: 1 }),
      ),
    ).toEqual({ accepted: 2, duplicates: 0, rejected: [] });
    expect(await runOf(runId)).toMatchObject({
      waiting: {
        code: 'stopping',
        message: expect.stringMatching(/SIGTERM was sent to the processes \d s ago\.$/),
      },
      progress: { current: 1 },
    });
  });

  it('apply in list order, and those without effect count as accepted', async () => {
    const [one, other] = [await aRun(), await aRun()];
    const twice = anEvent(one, 'run.progress', { metrics: { seen: 1 } });
    const answer = await worker.say(
      anEvent(one, 'run.started', { workerId: 'w', attempt: 1 }),
      twice,
      twice,
      anEvent(other, 'run.failed', { errorCode: 'NETWORK_ERROR', message: 'no route' }),
      anEvent(one, 'run.completed', {}),
      anEvent(one, 'run.failed', { errorCode: 'LATE', message: 'late' }),
      anEvent(other, 'run.completed', { attempt: 7 }),
      anEvent(randomUUID(), 'run.completed', {}),
    );
    expect(answer).toEqual({
      accepted: 6,
      duplicates: 1,
      rejected: [{ index: 7, reason: 'unknown runId' }],
    });
    expect(await history(one)).toEqual([
      'run.requested applied',
      'run.started applied',
      'run.progress applied',
      'run.completed applied',
      'run.failed already-ended',
    ]);
    expect((await history(other)).slice(1)).toEqual(['run.failed applied', 'run.completed unknown-attempt']);
  });

  it('share one commit for a batch of 500', async () => {
    const runId = await aRun();
    const events = Array.from({ length: 500 }, (_, current) => anEvent(runId, 'run.progress', { current }));
    // Otherwise writes of the stream would be counted too.
    await untilQuiet(jobato.folders, ['jobato-api', 'jobato-workers']);
    const database: unknown = jobato.app.get(Database);
    const { writer } = database as { writer: { connection: { query(sql: string): Promise<unknown> } } };
    const query = jest.spyOn(writer.connection, 'query');
    expect(await worker.say(...events)).toEqual({ accepted: 500, duplicates: 0, rejected: [] });
    const statements = query.mock.calls.map(([statement]) => statement.slice(0, 30));
    query.mockRestore();
    expect(statements.filter((statement) => statement === 'COMMIT')).toHaveLength(1);
    expect(await runOf(runId)).toMatchObject({ progress: { current: 499 } });
  });

  it('are not published on the stream', async () => {
    const runId = await aRun();
    const stream = jobato.app.get(EventStream);
    const seen: string[] = [];
    const marker = randomUUID();
    let onMarker: () => void;
    const markerSeen = new Promise<void>((resolve) => (onMarker = resolve));
    const following = await stream.follow(({ eventId }) => {
      seen.push(eventId!);
      if (eventId === marker) onMarker();
    });
    const completed = anEvent(runId, 'run.completed', {});
    await worker.say(completed);
    const event = { eventVersion: 1 as const, occurredAt: new Date().toISOString(), runId };
    await stream.publish([
      toStreamFields({ ...event, eventId: marker, eventType: 'run.progress', payload: {} }),
    ]);
    await markerSeen;
    await following.stop();
    expect(seen).toContain(marker);
    expect(seen).not.toContain(completed.eventId);
  });

  describe('invalid events', () => {
    const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    it.each<[string, (runId: string) => unknown, RegExp]>([
      ['a number', () => 5, /not a JSON object/],
      ['null', () => null, /not a JSON object/],
      ['a list', () => [[]], /not a JSON object/],
      ['nothing in it', () => ({}), /eventId is not a UUID: missing/],
      ['no runId', (runId) => anEvent(runId, 'run.completed', {}, { runId: null }), /runId is not a UUID/],
      [
        'no payload',
        (runId) => anEvent(runId, 'run.completed', {}, { payload: undefined }),
        /payload is not/,
      ],
      ['a payload that is a list', (runId) => anEvent(runId, 'run.completed', []), /payload must be object/],
      [
        'another version',
        (runId) => anEvent(runId, 'run.completed', {}, { eventVersion: 2 }),
        /eventVersion/,
      ],
      [
        'a version of another type',
        (runId) => anEvent(runId, 'run.completed', {}, { eventVersion: true }),
        /"true"/,
      ],
      ['an unknown type', (runId) => anEvent(runId, 'run.exploded'), /eventType is unknown/],
      [
        'a type of another type',
        (runId) => anEvent(runId, 'x', {}, { eventType: {} }),
        /eventType is unknown/,
      ],
      ['no time', (runId) => anEvent(runId, 'run.completed', {}, { occurredAt: 'soon' }), /occurredAt/],
      ['a wrong payload', (runId) => anEvent(runId, 'run.completed', { newJobsCount: -1 }), /newJobsCount/],
      ['no worker', (runId) => anEvent(runId, 'run.started', { attempt: 1 }), /workerId/],
      [
        'more than 1 MiB',
        (runId) => anEvent(runId, 'run.progress', { x: 'x'.repeat(2 ** 20) }),
        /more than the limit of 1048576/,
      ],
      [
        'many levels',
        (runId) => anEvent(runId, 'run.progress', { x: JSON.parse(deep(2000)) }),
        /deeper than 1000/,
      ],
      [
        'many levels as text',
        (runId) => anEvent(runId, 'run.progress', {}, { payload: `{"x":${deep(100_000)}}` }),
        /deeper than 1000/,
      ],
    ])('are rejected and kept with the reason while valid ones apply: %s', async (_name, make, reason) => {
      const runId = await aRun();
      const bad = make(runId);
      const good = anEvent(runId, 'run.completed', {});
      const answer = await worker.say(bad, good);
      expect(answer).toEqual({
        accepted: 1,
        duplicates: 0,
        rejected: [{ index: 0, reason: expect.stringMatching(reason) }],
      });
      const [newest] = await rejectedNow();
      expect(newest!.reason).toMatch(reason);
      expect(Object.keys(newest!.fields).length).toBe(
        bad !== null && typeof bad === 'object' && !Array.isArray(bad)
          ? Object.values(bad).filter((value) => value !== null && value !== undefined).length
          : 1,
      );
      expect((await runOf(runId)).status).toBe('completed');
    });

    it('are rejected if nested too deeply to serialize', async () => {
      const runId = await aRun();
      const text = JSON.stringify([anEvent(runId, 'run.progress', { x: 'HERE' })]).replace(
        '"HERE"',
        deep(150_000),
      );
      await send(text).expect(202, {
        accepted: 0,
        duplicates: 0,
        rejected: [{ index: 0, reason: 'payload is nested too deeply' }],
      });
    });

    it('are listed once when sent repeatedly', async () => {
      const bad = [anEvent(randomUUID(), 'run.completed'), anEvent('x', 'y'), 'z', 'z'];
      const before = (await rejectedNow()).length;
      for (let time = 0; time < 3; time++) {
        expect((await worker.say(...bad)).rejected).toHaveLength(4);
        expect((await rejectedNow()).length).toBe(before + 3);
      }
    });

    it('are stored as received and can be discarded', async () => {
      const runId = await aRun();
      await worker.say(anEvent(runId, 'run.completed', {}, { eventVersion: 9, more: [1] } as object));
      const [listed] = await rejectedNow();
      expect(listed!.fields).toMatchObject({ runId, eventVersion: '9', payload: '{}', more: '[1]' });
      await jobato.api.delete(`/api/events/rejected/${listed!.id}`).expect(204);
      await jobato.api.delete(`/api/events/rejected/${listed!.id}`).expect(404);
    });
  });

  describe('request body', () => {
    it('can be an empty list', async () => {
      await send('[]').expect(202, { accepted: 0, duplicates: 0, rejected: [] });
    });

    it('can be gzip-compressed', async () => {
      const runId = await aRun();
      const packed = gzipSync(JSON.stringify(anEvent(runId, 'run.completed')));
      // supertest would serialize the compressed bytes as JSON.
      const { status } = await jobato.fetch('/api/internal/events', {
        method: 'POST',
        headers: { 'x-jobato-api-key': KEY, 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body: packed,
      });
      expect([status, (await runOf(runId)).status]).toEqual([202, 'completed']);
    });

    it.each([[''], ['{'], ['5'], ['"x"'], ['null'], ['[1,]']])('must be JSON events: %j', async (body) => {
      await send(body).expect(invalid(''));
    });

    it('is limited to 500 events, and a larger batch applies none', async () => {
      const runId = await aRun();
      const events = Array.from({ length: 501 }, () => anEvent(runId, 'run.completed'));
      await worker.post('events', events).expect(invalid(''));
      expect((await runOf(runId)).status).toBe('running');
    });

    it('accepts 15 MiB and rejects 17 MiB', async () => {
      const runId = await aRun();
      const body = (mebibytes: number) =>
        JSON.stringify(
          Array.from({ length: mebibytes }, () =>
            anEvent(runId, 'run.progress', { x: 'x'.repeat(2 ** 20 - 400) }),
          ),
        );
      const { body: answer } = await send(body(15)).expect(202);
      expect(answer).toMatchObject({ accepted: 15 });
      await send(body(17)).expect(problem(413, 'PAYLOAD_TOO_LARGE'));
    });

    it('requires a JSON content type', async () => {
      await send('[]').type('text/plain').expect(problem(415, 'UNSUPPORTED_MEDIA_TYPE'));
    });
  });
});
