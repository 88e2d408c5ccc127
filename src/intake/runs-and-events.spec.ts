import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { LATER } from '../../test/support/a-run';
import { makeFolders, nodeStep, RunningApp } from '../../test/support/jobato';
import { SeededRandom } from '../../test/support/random';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import { AppliedEventRepository } from '../events/applied-event.repository';
import { API_GROUP, EventStream, type StreamEntry } from '../events/event-stream';
import { parseEvent } from '../events/parse-event';
import { RejectedEvents } from '../events/rejected-events';
import type { RunEventMap, RunEventType, StreamFields } from '../events/run-event';
import { LogStore } from '../logs/log-store';
import { LogTail } from '../logs/log-tail';
import { JobatoError } from '../http/problem-catalogue';
import { commandOf } from './event-command';
import type { Run } from '../runs/run';
import { RunRepository } from '../runs/run.repository';
import { transition } from '../runs/run-state';
import { EventApplier } from './event-applier';
import { RunsService } from '../runs/runs.service';

const PROJECTS = Array.from({ length: 60 }, (_, n) => `p${n}`);
const files = Object.fromEntries(PROJECTS.map((id) => [id, nodeStep(id, '', 'retry: { maxAttempts: 2 }\n')]));

let jobato: RunningApp;
let applier: EventApplier;
const apply = (entry: StreamEntry) => applier.apply(entry, { via: 'server' });
let service: RunsService;
let runs: RunRepository;
let inbox: AppliedEventRepository;
let stream: EventStream;
let rejected: RejectedEvents;
let database: Database;
beforeAll(async () => {
  jobato = await RunningApp.start(files, { WORKER: 'off' });
  const { app } = jobato;
  [service, runs] = [app.get(RunsService), app.get(RunRepository)];
  inbox = app.get(AppliedEventRepository);
  applier = app.get(EventApplier);
  [stream, rejected, database] = [app.get(EventStream), app.get(RejectedEvents), app.get(Database)];
});
afterAll(() => jobato.stop());

let used = 0;
/** A project id that no other test uses. */
const aProject = () => PROJECTS[used++]!;
const aRun = async () => (await service.trigger(aProject(), {}, {})).run.runId;
const get = (runId: string) => runs.get(runId);
const history = async (runId: string) => (await inbox.list(runId, 1000)).items;

let entries = 0;
const entryOf = (fields: Partial<StreamFields>): StreamEntry => ({
  id: `test-${++entries}`,
  fields: fields,
  deliveryCount: 1,
});
const fieldsOf = <Type extends RunEventType>(
  runId: string,
  eventType: Type,
  payload: RunEventMap[Type],
  eventId: string = randomUUID(),
): StreamFields => ({
  eventId,
  eventType,
  eventVersion: '1',
  occurredAt: LATER,
  runId,
  payload: JSON.stringify(payload),
});
const anEvent = (...args: Parameters<typeof fieldsOf>) => entryOf(fieldsOf(...args));
const codeOf = (reason: unknown) => (reason instanceof JobatoError ? reason.code : String(reason));

const sql = <Row>(statement: string, parameters: unknown[] = []): Promise<Row[]> =>
  database.write(async (tx: Transaction, inputs: null[]) => {
    const rows = await tx.query<Row>(statement, parameters);
    return inputs.map(() => rows);
  }, null);
const runsOf = (projectId: string) => sql('SELECT run_id FROM runs WHERE project_id = ?', [projectId]);
const countOf = async (table: string, runId: string) => {
  const [row] = await sql<{ count: number }>(`SELECT COUNT(*) AS count FROM ${table} WHERE run_id = ?`, [
    runId,
  ]);
  return row!.count;
};

describe('triggering a run', () => {
  it('creates one run for 10,000 concurrent requests; the others receive its ID', async () => {
    const projectId = aProject();
    const tries = await Promise.allSettled(
      Array.from({ length: 10_000 }, () => service.trigger(projectId, {}, {})),
    );
    const created = tries.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value.run.runId] : [],
    );
    const refused = tries.flatMap((result): unknown[] =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    expect(created).toHaveLength(1);
    expect(refused).toHaveLength(9999);
    expect([...new Set(refused.map(codeOf))]).toEqual(['RUN_IN_PROGRESS']);
    expect([...new Set(refused.map((reason) => (reason as JobatoError).extras.activeRunId))]).toEqual(
      created,
    );
    expect(await runsOf(projectId)).toHaveLength(1);
  });

  it('creates a run for each of many projects at the same time', async () => {
    const projects = Array.from({ length: 10 }, aProject);
    const started = await Promise.all(projects.map((projectId) => service.trigger(projectId, {}, {})));
    expect(started.map(({ run }) => run.projectId)).toEqual(projects);
    expect(new Set(started.map(({ run }) => run.runId)).size).toBe(10);
  });

  it('stores the run together with its request event', async () => {
    const runId = await aRun();
    expect(await history(runId)).toMatchObject([{ eventType: 'run.requested', outcome: 'applied' }]);
  });

  it('rolls back run, request and key on failure, and does not affect other triggers', async () => {
    const [unlucky, lucky] = [aProject(), aProject()];
    await sql(
      `CREATE TRIGGER no_room BEFORE INSERT ON outbox WHEN NEW.payload LIKE '%"projectId":"${unlucky}"%'` +
        " BEGIN SELECT RAISE(ABORT, 'no room'); END",
    );
    const [failed, started] = await Promise.allSettled([
      service.trigger(unlucky, {}, { idempotencyKey: 'key-of-the-unlucky' }),
      service.trigger(lucky, {}, {}),
    ]);
    await sql('DROP TRIGGER no_room');
    expect(failed).toMatchObject({
      status: 'rejected',
      reason: expect.objectContaining({ message: expect.stringContaining('no room') }),
    });
    expect(started.status).toBe('fulfilled');
    expect(await runsOf(unlucky)).toEqual([]);
    expect(await sql('SELECT * FROM outbox WHERE payload LIKE ?', [`%"projectId":"${unlucky}"%`])).toEqual(
      [],
    );

    const again = await service.trigger(unlucky, {}, { idempotencyKey: 'key-of-the-unlucky' });
    expect(again.replayed).toBe(false);
  });
});

describe('trigger with an idempotency key', () => {
  it('creates one run for 50 concurrent requests, with the same response', async () => {
    const projectId = aProject();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => service.trigger(projectId, {}, { idempotencyKey: `k-${projectId}` })),
    );
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    for (const { run } of answers) expect(run).toEqual(answers[0]!.run);
    expect(await runsOf(projectId)).toHaveLength(1);
  });

  it('returns the first response even after the run has ended', async () => {
    const projectId = aProject();
    const first = await service.trigger(projectId, {}, { idempotencyKey: `k-${projectId}` });
    await service.stop(first.run.runId, 'ada');
    expect(await service.trigger(projectId, {}, { idempotencyKey: `k-${projectId}` })).toEqual({
      run: first.run,
      replayed: true,
    });
    expect((await get(first.run.runId)).status).toBe('cancelled');
  });

  it('is rejected if the key belongs to another request, whether or not that run is active', async () => {
    const projectId = aProject();
    const first = await service.trigger(
      projectId,
      { triggeredBy: 'manual' },
      { idempotencyKey: `k-${projectId}` },
    );
    const other = () =>
      service.trigger(projectId, { triggeredBy: 'api' }, { idempotencyKey: `k-${projectId}` });
    await expect(other()).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await service.stop(first.run.runId, 'ada');
    await expect(other()).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('is rejected for one of two projects that send the same key at the same time', async () => {
    const [one, two] = [aProject(), aProject()];
    const answers = await Promise.allSettled(
      [one, two].map((projectId) => service.trigger(projectId, {}, { idempotencyKey: `k-${one}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(codeOf((answers[1] as PromiseRejectedResult).reason)).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await runsOf(two)).toEqual([]);
  });

  it('can be repeated after it was rejected because of another run', async () => {
    const projectId = aProject();
    const { run } = await service.trigger(projectId, {}, {});
    await expect(service.trigger(projectId, {}, { idempotencyKey: `k-${projectId}` })).rejects.toMatchObject({
      code: 'RUN_IN_PROGRESS',
    });
    await service.stop(run.runId, 'ada');
    expect((await service.trigger(projectId, {}, { idempotencyKey: `k-${projectId}` })).replayed).toBe(false);
  });
});

describe('event', () => {
  it('is applied once if it is repeated within a batch', async () => {
    const runId = await aRun();
    const event = fieldsOf(runId, 'run.progress', { current: 1 });
    const applied = await Promise.all(Array.from({ length: 20 }, () => apply(entryOf(event))));
    expect(applied.map(({ outcome }) => outcome)).toEqual([
      'applied',
      ...Array<string>(19).fill('duplicate'),
    ]);
    expect(await get(runId)).toMatchObject({ revision: 2, progress: { current: 1 } });
  });

  it('is applied once if it is repeated later', async () => {
    const runId = await aRun();
    const event = fieldsOf(runId, 'run.progress', { metrics: { found: 1 } });
    expect((await apply(entryOf(event))).outcome).toBe('applied');
    await apply(anEvent(runId, 'run.progress', { metrics: { found: 2 } }));
    expect((await apply(entryOf(event))).outcome).toBe('duplicate');
    expect((await apply(entryOf({ ...event, eventId: event.eventId.toUpperCase() }))).outcome).toBe(
      'duplicate',
    );
    expect((await get(runId)).metrics).toEqual({ found: 2 });
  });

  it('is applied in order with other events of its run in the same batch', async () => {
    const runId = await aRun();
    await Promise.all([
      apply(anEvent(runId, 'run.started', { workerId: 'w', attempt: 1 })),
      apply(anEvent(runId, 'run.progress', { step: 'work', stepStatus: 'running' })),
      apply(anEvent(runId, 'run.progress', { step: 'work', stepStatus: 'completed', exitCode: 0 })),
      apply(anEvent(runId, 'run.completed', { newJobsCount: 4 })),
      apply(anEvent(runId, 'run.failed', { errorCode: 'LATE', message: 'm' })),
    ]);
    expect(await get(runId)).toMatchObject({
      status: 'completed',
      workerId: 'w',
      revision: 5,
      error: null,
      steps: [{ status: 'completed', exitCode: 0 }],
      metrics: { newJobsCount: 4 },
    });
    expect(
      (await history(runId)).map(({ eventType, outcome, origin, fromPhase, toPhase }) => [
        eventType,
        outcome,
        origin,
        fromPhase,
        toPhase,
      ]),
    ).toEqual([
      ['run.requested', 'applied', 'server', null, null],
      ['run.started', 'applied', 'worker', 'waiting', 'active'],
      ['run.progress', 'applied', 'worker', null, null],
      ['run.progress', 'applied', 'worker', null, null],
      ['run.completed', 'applied', 'worker', 'active', 'completed'],
      ['run.failed', 'already-ended', 'worker', null, null],
    ]);
  });

  it('of an older attempt is recorded and has no effect', async () => {
    const runId = await aRun();
    await service.command(runId, { type: 'claim', workerId: 'w', leaseSeconds: 30 });
    await service.command(runId, { type: 'lose-worker', attempt: 1, loss: { kind: 'lease-expired' } });
    const before = await get(runId);
    const late = [
      anEvent(runId, 'run.completed', { attempt: 1 }),
      anEvent(runId, 'run.progress', { attempt: 1, current: 9 }),
      anEvent(runId, 'run.log', { attempt: 1, lines: [{ text: 'late' }] }),
    ];
    const applied = await Promise.all(late.map((entry) => apply(entry)));
    expect(applied.map(({ outcome }) => outcome)).toEqual([
      'stale-attempt',
      'stale-attempt',
      'stale-attempt',
    ]);
    expect(await get(runId)).toEqual(before);
    expect((await history(runId)).slice(-3).map(({ outcome }) => outcome)).toEqual([
      'stale-attempt',
      'stale-attempt',
      'stale-attempt',
    ]);
    expect(await jobato.app.get(LogStore).lastSeq(runId)).toBe(0);
  });

  it('with log lines adds them to the log once', async () => {
    const runId = await aRun();
    const event = fieldsOf(runId, 'run.log', {
      lines: [
        { n: 1, text: 'one' },
        { n: 2, text: 'two' },
      ],
    });
    await Promise.all([apply(entryOf(event)), apply(entryOf(event))]);
    await apply(
      anEvent(runId, 'run.log', {
        lines: [
          { n: 2, text: 'two' },
          { n: 3, text: 'three' },
        ],
      }),
    );
    const chunk = await jobato.app.get(LogStore).readAfter(runId, 0);
    expect(chunk?.lines.map(({ seq, text }) => [seq, text])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ]);
  });

  it('notifies log followers even if the run ID is in upper case', async () => {
    const runId = await aRun();
    const woken: string[] = [];
    const stop = jobato.app.get(LogTail).onGrowth(runId, () => woken.push('woken'));
    await apply(anEvent(runId.toUpperCase(), 'run.log', { lines: [{ text: 'hello' }] }));
    stop();
    expect(woken).toEqual(['woken']);
  });

  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'has the same effect in batches as one by one: repeated and out of order, seed %d',
    async (seed) => {
      const random = new SeededRandom(seed);
      const runId = await aRun();
      const said = [
        fieldsOf(runId, 'run.started', { workerId: 'w', attempt: 1 }),
        fieldsOf(runId, 'run.heartbeat', { workerId: 'w', attempt: 1 }),
        fieldsOf(runId, 'run.heartbeat', { workerId: 'other', attempt: 1 }),
        fieldsOf(runId, 'run.progress', {
          step: 'work',
          stepStatus: 'running',
          current: 1,
          metrics: { a: 1 },
        }),
        fieldsOf(runId, 'run.progress', { step: 'work', stepStatus: 'completed', metrics: { a: 2, b: 1 } }),
        fieldsOf(runId, 'run.progress', { step: 'more', current: 5 }),
        fieldsOf(runId, 'run.completed', { attempt: 2 }),
        ...random
          .shuffled([
            fieldsOf(runId, 'run.completed', { persistedResults: 3 }),
            fieldsOf(runId, 'run.failed', { errorCode: 'E', message: 'm' }),
            fieldsOf(runId, 'run.cancelled', {}),
          ])
          .slice(0, random.integer(0, 3)),
      ];
      const order = random.shuffled([...said, ...said.filter(() => random.next() < 0.5)]);

      let expected: Run = await get(runId);
      const seen = new Set<string>();
      for (const { eventId, ...fields } of order) {
        if (seen.has(eventId)) continue;
        seen.add(eventId);
        const command = commandOf(parseEvent({ eventId, ...fields }).event!)!;
        expected = transition(expected, command, LATER).run;
      }

      for (let at = 0; at < order.length;) {
        const size = random.integer(1, 6);
        await Promise.all(order.slice(at, at + size).map((fields) => apply(entryOf(fields))));
        at += size;
      }
      const timeless = ({
        status,
        statusReason,
        revision,
        workerId,
        metrics,
        progress,
        steps,
        error,
      }: Run) => ({
        ...{ status, statusReason, revision, workerId, metrics, progress, error },
        steps: steps.map(({ name, status: stepStatus }) => [name, stepStatus]),
      });
      expect(timeless(await get(runId))).toEqual(timeless(expected));
      expect(await countOf('applied_events', runId)).toBe(1 + seen.size);
    },
  );
});

describe('event that cannot be applied', () => {
  it('is listed with its reason and fields, and does not affect its batch', async () => {
    const runId = await aRun();
    const [orphan, malformed, good] = await Promise.all([
      apply(anEvent(randomUUID(), 'run.completed', {})),
      apply(entryOf({ eventId: 'x', payload: '{' })),
      apply(anEvent(runId, 'run.completed', {})),
    ]);
    expect([orphan.outcome, malformed.outcome, good.outcome]).toEqual(['rejected', 'rejected', 'applied']);
    const [second, first] = (await rejected.list(2)).items;
    expect(first).toMatchObject({
      reason: 'unknown runId',
      fields: { eventType: 'run.completed' },
    });
    expect(second).toMatchObject({
      reason: 'eventId is not a UUID: "x"',
      fields: { eventId: 'x', payload: '{' },
    });
    expect((await get(runId)).status).toBe('completed');
  });

  it('is acknowledged and does not block the stream', async () => {
    const runId = await aRun();
    await stream.publish([
      { ...fieldsOf(runId, 'run.progress', { current: 7 }), eventVersion: '99' },
      fieldsOf(randomUUID(), 'run.log', { lines: [] }),
      fieldsOf(runId, 'run.progress', { current: 1 }),
    ]);
    await jobato.until(runId, (run) => run.progress.current === 1);
    // The consumer reads the next batch only after acknowledging this one.
    await stream.publish([fieldsOf(runId, 'run.progress', { current: 2 })]);
    await jobato.until(runId, (run) => run.progress.current === 2);
    const group = (await stream.groups()).find(({ name }) => name === API_GROUP);
    expect(group!.pending).toBeLessThanOrEqual(1);
    expect((await rejected.list(2)).items.map(({ reason }) => reason)).toEqual([
      'unknown runId',
      'eventVersion is not supported: "99"',
    ]);
  });

  it('is applied when it is sent again in a valid form', async () => {
    const runId = await aRun();
    const event = fieldsOf(runId, 'run.progress', { current: 3 });
    await apply(entryOf({ ...event, eventVersion: '2' }));
    const applied = await apply(entryOf(event));
    expect(applied.outcome).toBe('applied');
  });

  it('because of a damaged run does not affect other events of its batch', async () => {
    const [damaged, sound] = [await aRun(), await aRun()];
    await sql("UPDATE runs SET steps = '{' WHERE run_id = ?", [damaged]);
    const results = await Promise.allSettled([
      apply(anEvent(damaged, 'run.progress', { current: 1 })),
      apply(anEvent(sound, 'run.progress', { current: 1 })),
    ]);
    await sql("UPDATE runs SET steps = '[]' WHERE run_id = ?", [damaged]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect((await get(sound)).progress.current).toBe(1);
    expect((await get(damaged)).progress.current).toBeNull();
    expect((await history(damaged)).map(({ eventType }) => eventType)).toEqual(['run.requested']);
  });

  it('is rejected and acknowledged after five deliveries', async () => {
    const folders = makeFolders({ only: nodeStep('only', '') });
    try {
      const first = await RunningApp.start(folders, { WORKER: 'off' });
      const { runId } = await first.trigger('only');
      const write = (statement: string) =>
        first.app.get(Database).write(async (tx: Transaction, inputs: null[]) => {
          await tx.query(statement);
          return inputs;
        }, null);
      await write("CREATE TRIGGER never BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'never'); END");
      await first.app.get(EventStream).publish([fieldsOf(runId, 'run.progress', { current: 1 })]);
      await first.stop(); // a shutdown still handles the entries on the stream: the first delivery
      for (let delivery = 2; delivery <= 4; delivery++) {
        const next = await RunningApp.start(folders, { WORKER: 'off' });
        expect((await next.app.get(RejectedEvents).totals()).events).toBe(0);
        await next.stop();
      }
      await (await RunningApp.start(folders, { WORKER: 'off' })).stop();
      const last = await RunningApp.start(folders, { WORKER: 'off' });
      const { items } = await last.app.get(RejectedEvents).list(10);
      const group = (await last.app.get(EventStream).groups()).find(({ name }) => name === API_GROUP);
      await last.stop();
      expect(items).toMatchObject([
        { reason: 'could not be applied after 5 deliveries', fields: { eventType: 'run.progress', runId } },
      ]);
      expect(group).toMatchObject({ pending: 0, lag: 0 });
    } finally {
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});

describe('command', () => {
  it('returns null for an unknown run', async () =>
    expect(await service.command(randomUUID(), { type: 'time-out' })).toBeNull());

  it('grants one of 100 concurrent claims', async () => {
    const runId = await aRun();
    const claims = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        service.command(runId, { type: 'claim', workerId: `w${n}`, leaseSeconds: 30 }),
      ),
    );
    const granted = claims.filter((claim) => claim!.applied);
    expect(granted).toHaveLength(1);
    expect((await get(runId)).workerId).toBe(granted[0]!.run.workerId);
  });

  it('and a late event never both end a run', async () => {
    const runId = await aRun();
    await service.command(runId, { type: 'claim', workerId: 'w', leaseSeconds: 30 });
    const [stopped, completed] = await Promise.all([
      service.command(runId, { type: 'time-out' }),
      apply(anEvent(runId, 'run.completed', {})),
    ]);
    expect([stopped!.applied, completed.outcome]).toEqual([true, 'already-ended']);
    expect(await get(runId)).toMatchObject({ status: 'failed', statusReason: 'timed-out' });
  });

  it('leaves the run unchanged if it fails halfway', async () => {
    const runId = await aRun();
    const before = await get(runId);
    await sql(
      "CREATE TRIGGER no_stop BEFORE INSERT ON outbox WHEN NEW.event_type = 'run.cancel.requested' BEGIN SELECT RAISE(ABORT, 'no room'); END",
    );
    await expect(service.stop(runId, 'ada')).rejects.toThrow('no room');
    await sql('DROP TRIGGER no_stop');
    expect(await get(runId)).toEqual(before);
    expect((await service.stop(runId, 'ada')).status).toBe('cancelled');
  });

  it('notifies watchers of the stored change', async () => {
    const runId = await aRun();
    const seen = jobato.until(runId, (run) => run.status === 'cancelled');
    await service.command(runId, { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' });
    expect(await seen).toEqual(await get(runId));
  });
});
