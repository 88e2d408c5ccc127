import { randomUUID } from 'node:crypto';
import { Database } from '../src/database/database';
import type { Transaction } from '../src/database/writer';
import { EventStream } from '../src/events/event-stream';
import type { StreamFields } from '../src/events/run-event';
import { MAX_LISTED_EVENTS } from '../src/intake/event-listing';
import { RunningApp } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

interface Rejected {
  reason: string;
  fields: Record<string, string>;
}

describe('reused eventId', () => {
  const PROJECTS = Array.from({ length: 10 }, (_, index) => `p${index}`);
  let jobato: RunningApp;
  let worker: HttpWorker;
  let used = 0;
  beforeAll(async () => {
    const files = PROJECTS.map((id) => [id, externalProject(id)] as const);
    jobato = await RunningApp.start(Object.fromEntries(files), { JOBATO_API_KEY: KEY });
    worker = new HttpWorker(jobato);
  });
  afterAll(() => jobato.stop());

  const aRun = async () => (await jobato.trigger(PROJECTS[used++]!)).runId;
  const rejectedOf = async (eventId: string) => {
    const { items } = (await (await jobato.fetch('/api/events/rejected?limit=200')).json()) as {
      items: Rejected[];
    };
    return items.filter(({ fields }) => fields.eventId === eventId);
  };
  const reasonFor = (eventType: string, runId: string) =>
    `eventId was already used for a different event: ${eventType} of run ${runId}`;
  const publish = (event: Record<string, unknown>) =>
    jobato.app.get(EventStream).publish([
      {
        ...event,
        eventVersion: '1',
        payload: JSON.stringify(event.payload),
      } as unknown as StreamFields,
    ]);

  it('is rejected over HTTP with other content and a duplicate with the same content', async () => {
    const runId = await aRun();
    const progress = anEvent(runId, 'run.progress', { current: 1, message: 'one' });
    const completed = { ...progress, eventType: 'run.completed', payload: { newJobsCount: 3 } };
    expect(await worker.say(progress)).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    const resent = {
      ...progress,
      occurredAt: '2026-01-01T00:00:00Z',
      payload: { message: 'one', current: 1 },
    };
    expect(await worker.say(resent)).toEqual({ accepted: 0, duplicates: 1, rejected: [] });
    const reason = reasonFor('run.progress', runId);
    expect(await worker.say(completed)).toEqual({
      accepted: 0,
      duplicates: 0,
      rejected: [{ index: 0, reason }],
    });
    expect(await rejectedOf(String(progress.eventId))).toMatchObject([
      { reason, fields: { eventType: 'run.completed' } },
    ]);
    expect(await worker.say({ ...completed, eventId: randomUUID() })).toMatchObject({ accepted: 1 });
    expect((await jobato.untilEnded(runId)).metrics).toEqual({ newJobsCount: 3 });
  });

  it('is rejected within one batch while the others apply', async () => {
    const runId = await aRun();
    const first = anEvent(runId, 'run.log', { lines: [{ text: 'a' }] });
    const other = { ...first, payload: { lines: [{ text: 'b' }] } };
    expect(await worker.say(first, other, first, anEvent(runId, 'run.progress', { current: 5 }))).toEqual({
      accepted: 2,
      duplicates: 1,
      rejected: [{ index: 1, reason: reasonFor('run.log', runId) }],
    });
    const log = await jobato.fetch(`/api/runs/${runId}/logs`);
    expect(await log.text()).toBe('a\n');
  });

  it('is rejected from the stream without stopping the reader', async () => {
    const runId = await aRun();
    const log = anEvent(runId, 'run.log', { attempt: 1, lines: [{ n: 1, text: 'a' }] });
    await publish(log);
    await publish(log);
    await publish({ ...log, payload: { attempt: 1, lines: [{ n: 1, text: 'other' }] } });
    await publish(anEvent(runId, 'run.completed', {}));
    await jobato.untilEnded(runId);
    expect(await rejectedOf(String(log.eventId))).toMatchObject([{ reason: reasonFor('run.log', runId) }]);
  });

  it('is rejected even if the earlier event is not listed', async () => {
    const runId = await aRun();
    await jobato.app.get(Database).write(async (tx: Transaction, inputs: null[]) => {
      await tx.query(
        'INSERT INTO run_event_counts (run_id, listed, listed_bytes, signs_of_life, unlisted) VALUES (?, ?, 0, 0, 0)',
        [runId, MAX_LISTED_EVENTS],
      );
      return inputs.map(() => undefined);
    }, null);
    for (const payload of [{ current: 1 }, { attempt: 1, quotaUsed: 2, message: 'counts once' }]) {
      const event = anEvent(runId, 'run.progress', payload);
      expect(await worker.say(event)).toMatchObject({ accepted: 1 });
      expect(await worker.say(event)).toMatchObject({ duplicates: 1 });
      expect(await worker.say({ ...event, payload: { ...payload, message: 'other' } })).toMatchObject({
        rejected: [{ index: 0, reason: reasonFor('run.progress', runId) }],
      });
    }
  });
});
