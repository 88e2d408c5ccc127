import { EventStream } from '../src/events/event-stream';
import { type RunEvent, toStreamFields } from '../src/events/run-event';
import { RejectedEvents } from '../src/events/rejected-events';
import { EventApplier } from '../src/intake/event-applier';
import { RunningApp } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

const FORGED_STOP = { reason: 'cancelled-by-user', requestedBy: 'alice (admin)' };
const FORGED_REQUEST = {
  projectId: 'evil',
  scope: 'full',
  steps: ['x'],
  definitionHash: 'f'.repeat(64),
  params: {},
  attempt: 1,
};

interface Listed {
  eventType: string;
  outcome: string;
  payload: object;
}

/** A worker key alone must not write the history of a run that another worker holds. */
describe("attacker that sends events for another worker's run", () => {
  let jobato: RunningApp;
  let holder: HttpWorker;
  let runId: string;
  const attacker = () => new HttpWorker(jobato, 'attacker');
  beforeEach(async () => {
    jobato = await RunningApp.start({ held: externalProject('held') }, { JOBATO_API_KEY: KEY });
    ({ runId } = await jobato.trigger('held'));
    holder = new HttpWorker(jobato, 'holder');
    await holder.claimed();
    await holder.heartbeat(runId).expect(200);
  });
  afterEach(() => jobato.stop());

  const history = async (): Promise<Listed[]> => {
    const items: Listed[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const response = await jobato.fetch(
        `/api/runs/${runId}/events?limit=200${cursor && `&cursor=${cursor}`}`,
      );
      const page = (await response.json()) as { items: Listed[]; nextCursor: string | null };
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  };
  const ofHolder = (eventType: string, payload: object) => holder.say(anEvent(runId, eventType, payload));

  it('cannot learn the name of the lease holder', async () => {
    for (const eventType of ['run.started', 'run.heartbeat']) {
      const answers = await Promise.all(
        ['holder', 'another'].flatMap((workerId) =>
          [{}, { leaseToken: 'guessed' }].map((lease) =>
            attacker().say(anEvent(runId, eventType, { workerId, attempt: 1 }, lease as object)),
          ),
        ),
      );
      const refused = { accepted: 0, duplicates: 0, rejected: [{ index: 0, reason: 'LEASE_LOST' }] };
      expect(answers).toEqual(Array(4).fill(refused));
    }
  });

  it('cannot send stops or run requests, which only the server publishes', async () => {
    const before = await history();
    for (const sender of [attacker(), holder]) {
      const forged = ['run.cancel.requested', 'run.requested'].map((type) =>
        anEvent(runId, type, type === 'run.requested' ? FORGED_REQUEST : FORGED_STOP),
      );
      const { accepted, rejected } = await sender.say(...forged);
      expect(accepted).toBe(0);
      expect(rejected).toEqual([
        { index: 0, reason: expect.stringMatching(/^only the server may publish run\.cancel\.requested/) },
        { index: 1, reason: expect.stringMatching(/^only the server may publish run\.requested/) },
      ]);
    }
    expect(await history()).toEqual(before);
    // Nothing to redeliver, and nothing that fills the list.
    expect(await jobato.app.get(RejectedEvents).totals()).toMatchObject({ events: 0 });
  });

  it('cannot have a forged stop or request on the stream applied', async () => {
    const applier = jobato.app.get(EventApplier);
    const forged = [
      anEvent(runId, 'run.cancel.requested', FORGED_STOP),
      anEvent(runId, 'run.requested', FORGED_REQUEST),
    ].map((event) => ({ ...toStreamFields(event as unknown as RunEvent) }));
    for (const [index, fields] of forged.entries()) {
      const entry = { id: `forged-${index}`, fields, deliveryCount: 1 };
      const { outcome, changed } = await applier.apply(entry, { via: 'stream', fields });
      expect([outcome, changed]).toEqual(['not-from-server', null]);
    }
    const listed = await history();
    expect(listed.slice(-2).map(({ outcome }) => outcome)).toEqual(['not-from-server', 'not-from-server']);
    expect(await (await jobato.fetch(`/api/runs/${runId}`)).json()).toMatchObject({
      cancelRequestedAt: null,
    });
  });

  it('is distinguished from the server, whose own stop event is a duplicate on the stream', async () => {
    const published: Record<string, string>[] = [];
    let arrived: () => void;
    const both = new Promise<void>((resolve) => (arrived = resolve));
    const following = await jobato.app.get(EventStream).follow((fields) => {
      if (/requested$/.test(fields.eventType!)) published.push(fields);
      if (published.length === 1) arrived();
    });
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    await both;
    await following.stop();
    const fields = published[0]!;
    expect(fields.eventType).toBe('run.cancel.requested');
    const entry = { id: 'back', fields, deliveryCount: 1 };
    const { outcome } = await jobato.app.get(EventApplier).apply(entry, { via: 'stream', fields });
    expect(outcome).toBe('duplicate');
  });

  it.each([
    ['of the stream', 'run.cancel.requested', FORGED_STOP],
    ['of an attempt that does not exist', 'run.progress', { attempt: 9, message: 'a lie' }],
    ['without a proof', 'run.heartbeat', { workerId: 'attacker', attempt: 1 }],
  ])('adds at most 20 history entries with events %s', async (_what, eventType, payload) => {
    const applier = jobato.app.get(EventApplier);
    const flood = Array.from({ length: 10_500 }, () => {
      const fields = { ...toStreamFields(anEvent(runId, eventType, payload) as unknown as RunEvent) };
      return applier.apply({ id: fields.eventId, fields, deliveryCount: 1 }, { via: 'stream', fields });
    });
    await Promise.all(flood);
    expect(await ofHolder('run.progress', { attempt: 1, message: 'from the holder' })).toMatchObject({
      accepted: 1,
    });
    const listed = await history();
    expect(listed.filter(({ outcome }) => outcome !== 'applied')).toHaveLength(20);
    expect(listed.at(-1)).toMatchObject({ outcome: 'applied', payload: { message: 'from the holder' } });
  });
});
