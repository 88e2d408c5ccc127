import { Database } from '../src/database/database';
import { RejectedEvents } from '../src/events/rejected-events';
import { RunPast } from '../src/runs/run-past';
import { AppliedEventEntity } from '../src/runs/run.entity';
import { nodeStep, RunningApp } from './support/jobato';

describe('what happened to a run', () => {
  let jobato: RunningApp;
  let database: Database;
  let past: RunPast;
  beforeAll(async () => {
    jobato = await RunningApp.start({ quick: nodeStep('quick', '0') });
    database = jobato.app.get(Database, { strict: false });
    past = jobato.app.get(RunPast, { strict: false });
  });
  afterAll(() => jobato.stop());

  const ended = async () => jobato.untilEnded((await jobato.trigger('quick')).runId);
  const again = async (runId: string) => {
    const response = await jobato.fetch(`/api/runs/${runId}/rerun`, { method: 'POST' });
    return jobato.untilEnded(((await response.json()) as { runId: string }).runId);
  };

  it('is read from both ends, however much it is', async () => {
    const { runId } = await ended();
    const before = await past.events(runId);
    expect(before).toMatchObject({ last: [], gapAfter: null, rejected: [] });
    const rows = database.rows(AppliedEventEntity);
    await database.write(async (tx, inputs: undefined[]) => {
      const events = Array.from({ length: 400 }, (_, index) => ({
        ...before.first[0]!,
        position: undefined,
        eventId: `more-${index}`,
      }));
      await rows.insert(tx, events);
      return inputs;
    }, undefined);
    const { first, last, gapAfter } = await past.events(runId);
    expect([first.length, last.length, gapAfter]).toEqual([100, 200, first[99]!.position]);
    expect([first[0]!.eventId, last[199]!.eventId]).toEqual([before.first[0]!.eventId, 'more-399']);

    const further = await jobato.fetch(`/runs/${runId}/timeline?after=${gapAfter}`);
    expect([further.status, await further.text()]).toEqual([200, expect.stringMatching(/times\)/)]);
  });

  it('names the rejected events that speak of the run, whoever wrote its id how', async () => {
    const { runId } = await ended();
    const rejected = jobato.app.get(RejectedEvents, { strict: false });
    await database.write(async (tx, ids: string[]) => {
      await rejected.put(
        tx,
        [...ids, 'no uuid'].map((id, index) => ({
          entryId: `own-${index}`,
          reason: 'why not',
          fields: { runId: id },
        })),
      );
      return ids;
    }, runId.toUpperCase());
    const { rejected: named } = await past.events(runId);
    expect(named.map(({ fields }) => fields.runId)).toEqual([runId.toUpperCase()]);
  });

  it('has the runs that it repeats, and those that repeat one of them', async () => {
    const first = await ended();
    const second = await again(first.runId);
    const sibling = await again(first.runId);
    const third = await again(second.runId);
    await ended();
    const family = [first, second, sibling, third].map(({ runId }) => runId);
    for (const run of [second, third])
      expect((await past.family(run)).map(({ runId }) => runId)).toEqual(family);
    expect((await past.family(first)).map(({ runId }) => runId)).toEqual(family.slice(0, 3));
  });

  it.each([
    ['SELECT * FROM runs WHERE rerun_of IN (?) ORDER BY run_id DESC LIMIT 20', 'runs_by_original'],
    [
      "SELECT * FROM applied_events WHERE run_id = ? AND event_type IN ('run.requested', 'run.started') ORDER BY position",
      'attempts_by_run',
    ],
    ['SELECT * FROM rejected_events WHERE run_id = ? ORDER BY id DESC LIMIT 20', 'rejected_events_by_run'],
  ])('is found by an index: %s', async (sql, index) => {
    const plan = await database.read.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ['x']);
    expect(plan.map(({ detail }) => detail).join('\n')).toContain(index);
  });
});
