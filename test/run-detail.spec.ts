import { Database } from '../src/database/database';
import { RejectedEvents } from '../src/events/rejected-events';
import { RunDetailRepository } from '../src/history/run-detail.repository';
import { AppliedEventEntity, type EventOrigin } from '../src/events/event.entities';
import { nodeStep, RunningApp } from './support/jobato';

const versionIn = (text: string) => /(?:timeline\/part|past)\?version(?:=|&#x3D;)(\w+)/.exec(text)![1]!;

describe('RunDetailRepository', () => {
  let jobato: RunningApp;
  let database: Database;
  let past: RunDetailRepository;
  beforeAll(async () => {
    jobato = await RunningApp.start({ quick: nodeStep('quick', '0') });
    database = jobato.app.get(Database, { strict: false });
    past = jobato.app.get(RunDetailRepository, { strict: false });
  });
  afterAll(() => jobato.stop());

  const rejected = () => jobato.app.get(RejectedEvents, { strict: false });
  const ended = async () => jobato.untilEnded((await jobato.trigger('quick')).runId);
  const again = async (runId: string) => {
    const response = await jobato.fetch(`/api/runs/${runId}/rerun`, { method: 'POST' });
    return jobato.untilEnded(((await response.json()) as { runId: string }).runId);
  };

  let written = 0;
  const put = async (
    runId: string,
    events: { eventType: string; payload: object; origin?: EventOrigin }[],
  ) => {
    const rows = database.rows(AppliedEventEntity);
    const [like] = await rows.select(database.read, 'WHERE run_id = ? LIMIT 1', [runId]);
    await database.write(async (tx, inputs: undefined[]) => {
      await rows.insert(
        tx,
        events.map(({ eventType, payload, origin = 'worker' }) => ({
          ...like!,
          position: undefined,
          eventId: `more-${written++}`,
          eventType,
          payload: JSON.stringify(payload),
          outcome: 'applied',
          origin,
        })),
      );
      return inputs;
    }, undefined);
  };

  it('reads the first and last events of a long history', async () => {
    const { runId } = await ended();
    const before = await past.events(runId);
    expect(before).toMatchObject({ last: [], gapAfter: null, rejected: [] });
    const numbers = Array.from({ length: 400 }, (_, index) => index);
    await put(
      runId,
      numbers.map((index) => ({ eventType: 'run.progress', payload: { current: index } })),
    );
    const { first, last, gapAfter } = await past.events(runId);
    expect([first.length, last.length, gapAfter]).toEqual([100, 200, first[99]!.position]);
    expect(first[0]).toEqual(before.first[0]);
    expect(last.map(({ payload }) => payload)).toEqual(
      numbers.slice(-200).map((index) => JSON.stringify({ current: index })),
    );

    const further = await jobato.fetch(`/runs/${runId}/timeline?after=${gapAfter}`);
    expect([further.status, await further.text()]).toEqual([
      200,
      expect.stringMatching(/3\d\d progress reports/),
    ]);
  });

  it('returns rejected events of the run for any case of its ID', async () => {
    const { runId } = await ended();
    await database.write(async (tx, ids: string[]) => {
      await rejected().put(
        tx,
        [...ids, 'no uuid'].map((id, index) => ({
          entryId: `own-${index}`,
          reason: 'why not',
          fields: { runId: id, eventType: 'run.log' },
        })),
      );
      return ids;
    }, runId.toUpperCase());
    const { rejected: named } = await past.events(runId);
    expect(named).toMatchObject([{ eventType: 'run.log', reason: 'why not' }]);
  });

  it('returns the runs that a run repeats and the re-runs of each', async () => {
    const first = await ended();
    const second = await again(first.runId);
    const sibling = await again(first.runId);
    const third = await again(second.runId);
    await ended();
    const family = [first, second, sibling, third].map(({ runId }) => runId);
    const idsOf = async (run: typeof first) => (await past.stamp(run, 20)).family.map(({ runId }) => runId);
    for (const run of [second, third]) expect(await idsOf(run)).toEqual(family);
    expect(await idsOf(first)).toEqual(family.slice(0, 3));
    expect((await past.family([third, first, second, sibling])).map(({ runId }) => runId)).toEqual(family);
  });

  it('omits large payloads without reading them', async () => {
    const original = await ended();
    const { runId } = await again(original.runId);
    const large = 'x'.repeat(300_000);
    const runInputs = [{ queryText: large }];
    await put(runId, [
      { eventType: 'run.requested', payload: { attempt: 2, runInputs }, origin: 'server' },
      { eventType: 'run.started', payload: { workerId: 'w', attempt: 2, more: large } },
      ...Array.from({ length: 30 }, () => ({ eventType: 'run.progress', payload: { current: 1, large } })),
      { eventType: 'run.failed', payload: { errorCode: 'X', message: large } },
    ]);
    await database.write(async (tx, ids: string[]) => {
      await tx.query('UPDATE runs SET run_inputs = ?, revision = revision + 1 WHERE run_id = ?', [
        JSON.stringify(runInputs),
        original.runId,
      ]);
      const fields = { runId, payload: large };
      await rejected().put(tx, [{ entryId: 'large', reason: 'payload is too large', fields }]);
      return ids;
    }, runId);

    const read = jest.spyOn(database.read, 'query');
    const readNow = async () => {
      const results = await Promise.all(read.mock.results.map(({ value }) => value as Promise<unknown>));
      read.mockClear();
      return JSON.stringify(results).length;
    };
    try {
      const answer = await jobato.fetch(`/runs/${runId}/timeline/part`);
      const text = await answer.text();
      for (const words of [
        'Published to workers as attempt 2',
        'A worker started (too large to show in detail)',
        'Progress report (too large to show in detail) (30 times)',
        'Run failed (too large to show in detail)',
        'Event rejected: payload is too large',
      ])
        expect(text).toContain(words);
      // Only the request of an attempt is read, for its number, and no other large payload.
      expect(await readNow()).toBeLessThan(400_000);
      const further = await jobato.fetch(`/runs/${runId}/timeline?after=0`);
      expect(await further.text()).toContain('(30 times)');
      expect(await readNow()).toBeLessThan(400_000);

      const version = versionIn(text);
      expect((await jobato.fetch(`/runs/${runId}/timeline/part?version=${version}`)).status).toBe(204);
      expect(await readNow()).toBeLessThan(10_000);
    } finally {
      read.mockRestore();
    }

    const versionNow = async () => {
      const parts = ['timeline/part', 'past'].map((part) => jobato.fetch(`/runs/${runId}/${part}`));
      return (await Promise.all(parts.map(async (each) => versionIn(await (await each).text())))).join(' ');
    };
    const versions = [await versionNow()];
    await put(runId, [{ eventType: 'run.heartbeat', payload: {} }]);
    versions.push(await versionNow());
    await again(runId);
    versions.push(await versionNow());
    const { items } = await rejected().list(1);
    await rejected().discard(items[0]!.id);
    versions.push(await versionNow());
    expect(new Set(versions).size).toBe(4);
  });

  it.each([
    ['SELECT * FROM runs WHERE rerun_of IN (?) ORDER BY run_id DESC LIMIT 20', 'runs_by_original'],
    [
      "SELECT * FROM applied_events WHERE run_id = ? AND event_type IN ('run.requested', 'run.started') ORDER BY position",
      'attempts_by_run',
    ],
    ['SELECT * FROM rejected_events WHERE run_id = ? ORDER BY id DESC LIMIT 20', 'rejected_events_by_run'],
    [
      'SELECT position FROM applied_events WHERE run_id = ? ORDER BY position DESC LIMIT 1',
      'COVERING INDEX applied_events_by_run',
    ],
  ])('uses an index: %s', async (sql, index) => {
    const plan = await database.read.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ['x']);
    expect(plan.map(({ detail }) => detail).join('\n')).toContain(index);
  });
});
