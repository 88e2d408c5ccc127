import { randomUUID } from 'node:crypto';
import type { Instant } from '../src/clock/clock';
import type { EventStream, GroupState, StreamEntry } from '../src/events/event-stream';
import type { StreamFields } from '../src/events/run-event';
import { SeededRandom } from './support/random';

/** An empty stream for one test, with the functions that an adapter must provide for the tests. */
export interface OpenedStream {
  stream: EventStream;
  /** Closes it in an orderly way and opens it again, like a restart. */
  reopen(): Promise<EventStream>;
  /** Closes it and deletes its data. */
  close(): Promise<void>;
  /** Advances the stream's clock: sets it if possible, otherwise waits. */
  letPass(ms: number): Promise<void>;
  /** Returns the time of that clock. */
  now(): Promise<Instant>;
}

const A = 'group-a';
const B = 'group-b';
/** Longer than any test: a read that is never woken fails its test. */
const LONG_MS = 3_600_000;
const DAWN = '2000-01-01T00:00:00.000Z';
const DOOMSDAY = '2100-01-01T00:00:00.000Z';

let made = 0;
function anEntry(more: Partial<StreamFields> = {}): StreamFields {
  return {
    eventId: randomUUID(),
    eventType: 'run.progress',
    eventVersion: '1',
    occurredAt: '2026-03-01T10:00:00.000Z',
    runId: randomUUID(),
    payload: JSON.stringify({ number: ++made }),
    ...more,
  };
}
export const someEntries = (count: number) => Array.from({ length: count }, () => anEntry());
const fieldsOf = (entries: StreamEntry[]) => entries.map(({ fields }) => fields);
const idsOf = (entries: StreamEntry[]) => entries.map(({ id }) => id);

/** The contract that every adapter must pass. */
export function describeEventStream(name: string, open: () => Promise<OpenedStream>): void {
  describe(name, () => {
    let opened: OpenedStream;
    let stream: EventStream;
    beforeEach(async () => {
      opened = await open();
      stream = opened.stream;
      await stream.ensureGroup(A);
    });
    afterEach(() => opened.close());

    /** Reads the available entries without waiting. */
    const readNow = (group: string, consumer = 'one', count = 10_000) =>
      stream.read(group, consumer, { count, waitMs: 0 });
    const takeOver = (group: string, consumer: string, idleMs = 0, count = 10_000) =>
      stream.takeOver(group, consumer, { idleMs, count });
    const stateOf = async (group: string): Promise<GroupState | undefined> =>
      (await stream.groups()).find((state) => state.name === group);

    describe('publishing', () => {
      it('keeps the order of entries', async () => {
        const entries = someEntries(50);
        await stream.publish(entries);
        expect(fieldsOf(await readNow(A))).toEqual(entries);
      });

      it('keeps the order of concurrent calls', async () => {
        const batches = Array.from({ length: 20 }, (_, index) => someEntries(1 + (index % 5)));
        await Promise.all(batches.map((batch) => stream.publish(batch)));
        expect(fieldsOf(await readNow(A))).toEqual(batches.flat());
      });

      it('gives each entry a unique ID', async () => {
        await stream.publish(someEntries(100));
        expect(new Set(idsOf(await readNow(A))).size).toBe(100);
      });

      it('accepts 2,000 entries at once', async () => {
        const entries = someEntries(2000);
        await stream.publish(entries);
        expect(fieldsOf(await readNow(A))).toEqual(entries);
      });

      it('accepts an empty list', async () => {
        await stream.publish([]);
        expect(await readNow(A)).toEqual([]);
      });

      it('keeps duplicate entries', async () => {
        const entry = anEntry();
        await stream.publish([entry, entry]);
        expect(fieldsOf(await readNow(A))).toEqual([entry, entry]);
      });

      it.each<[string, Partial<StreamFields>]>([
        ['empty texts', { eventType: '', payload: '' }],
        ['newlines and quotes', { payload: 'a\nb\r\n"c" \'d\' \\e' }],
        ['other alphabets and emoji', { payload: '中文 é ß 😀 👩‍👧 \u2028 \uFEFF' }],
        ['control characters', { payload: '\0\u0001\u001b[31m' }],
        [
          'what looks like SQL or a command',
          { payload: "'); DROP TABLE stream_entries; --", eventType: 'XADD * a b' },
        ],
        ['1 MiB', { payload: 'x'.repeat(1024 * 1024) }],
        ['1 MiB of other letters', { payload: '中'.repeat(1024 * 350) }],
      ])('keeps %s unchanged', async (_what, more) => {
        const entry = anEntry(more);
        await stream.publish([entry]);
        expect(fieldsOf(await readNow(A))).toEqual([entry]);
      });

      it('keeps unknown and missing fields as they are', async () => {
        const foreign = { eventId: 'x', colour: 'red', __proto__x: 'y' } as unknown as StreamFields;
        await stream.publish([foreign, anEntry()]);
        expect(fieldsOf(await readNow(A))[0]).toEqual(foreign);
      });
    });

    describe('groups', () => {
      it('start at the first entry', async () => {
        const entries = someEntries(3);
        await stream.publish(entries);
        await stream.ensureGroup(B);
        expect(fieldsOf(await readNow(B))).toEqual(entries);
      });

      it('keep their position when ensured again', async () => {
        await stream.publish(someEntries(2));
        await readNow(A);
        await stream.ensureGroup(A);
        expect(await readNow(A)).toEqual([]);
      });

      it('each receive every entry', async () => {
        await stream.ensureGroup(B);
        const entries = someEntries(5);
        await stream.publish(entries);
        expect(fieldsOf(await readNow(A))).toEqual(entries);
        expect(fieldsOf(await readNow(B))).toEqual(entries);
      });

      it('deliver each entry to one consumer', async () => {
        const entries = someEntries(6);
        await stream.publish(entries);
        const read = [
          ...(await readNow(A, 'one', 2)),
          ...(await readNow(A, 'two', 3)),
          ...(await readNow(A, 'one', 10)),
        ];
        expect(fieldsOf(read)).toEqual(entries);
        expect(await readNow(A, 'three')).toEqual([]);
      });

      it('report a delivery count of 1 for the first delivery', async () => {
        await stream.publish(someEntries(1));
        expect(await readNow(A)).toMatchObject([{ deliveryCount: 1 }]);
      });
    });

    describe('reading', () => {
      it('returns at most the requested number of entries', async () => {
        await stream.publish(someEntries(5));
        expect(await readNow(A, 'one', 2)).toHaveLength(2);
        expect(await readNow(A, 'one', 2)).toHaveLength(2);
        expect(await readNow(A, 'one', 2)).toHaveLength(1);
        expect(await readNow(A, 'one', 2)).toHaveLength(0);
      });

      it('returns available entries without waiting', async () => {
        const entry = anEntry();
        await stream.publish([entry]);
        expect(fieldsOf(await stream.read(A, 'one', { count: 10, waitMs: LONG_MS }))).toEqual([entry]);
      });

      it('returns nothing when the wait time is over', async () =>
        expect(await stream.read(A, 'one', { count: 10, waitMs: 30 })).toEqual([]));

      it('wakes up when entries are published', async () => {
        const entry = anEntry();
        const reading = stream.read(A, 'one', { count: 10, waitMs: LONG_MS });
        await stream.publish([entry]);
        expect(fieldsOf(await reading)).toEqual([entry]);
      });

      it('wakes up in every group', async () => {
        await stream.ensureGroup(B);
        const entry = anEntry();
        const readings = [A, B].map((group) => stream.read(group, 'one', { count: 10, waitMs: LONG_MS }));
        await stream.publish([entry]);
        expect((await Promise.all(readings)).map(fieldsOf)).toEqual([[entry], [entry]]);
      });

      it('delivers each entry to one of several waiting consumers', async () => {
        const ending = new AbortController();
        const readings = ['one', 'two', 'three'].map((consumer) =>
          stream.read(A, consumer, { count: 1, waitMs: LONG_MS, signal: ending.signal }),
        );
        const [first, second] = [anEntry(), anEntry()];
        await stream.publish([first]);
        await Promise.race(readings);
        await stream.publish([second]);
        await Promise.race(
          readings.map(
            async (reading) =>
              (await reading)[0]?.fields.eventId === second.eventId || new Promise(() => undefined),
          ),
        );
        ending.abort();
        const read = (await Promise.all(readings)).flat();
        expect(
          fieldsOf(read)
            .map(({ eventId }) => eventId)
            .sort(),
        ).toEqual([first.eventId, second.eventId].sort());
      });

      it('returns nothing when aborted', async () => {
        const ending = new AbortController();
        const reading = stream.read(A, 'one', { count: 10, waitMs: LONG_MS, signal: ending.signal });
        ending.abort();
        expect(await reading).toEqual([]);
      });

      it('returns at once if already aborted', async () =>
        expect(
          await stream.read(A, 'one', { count: 10, waitMs: LONG_MS, signal: AbortSignal.abort() }),
        ).toEqual([]));

      it('loses no entry when aborted', async () => {
        const ending = new AbortController();
        const reading = stream.read(A, 'one', { count: 10, waitMs: LONG_MS, signal: ending.signal });
        const entry = anEntry();
        const publishing = stream.publish([entry]);
        ending.abort();
        await publishing;
        const read = [...(await reading), ...(await readNow(A, 'two'))];
        expect(fieldsOf(read)).toEqual([entry]);
      });

      it('returns nothing when the stream is closed', async () => {
        const reading = stream.read(A, 'one', { count: 10, waitMs: LONG_MS });
        await stream.close();
        expect(await reading).toEqual([]);
      });

      it.each([1, 2, 3])(
        'delivers 1,000 entries in order to eight consumers, each once (seed %d)',
        async (seed) => {
          const random = new SeededRandom(seed);
          const entries = someEntries(1000);
          const done = new AbortController();
          const received: StreamEntry[] = [];
          const consume = async (consumer: string) => {
            const own: StreamEntry[] = [];
            while (!done.signal.aborted) {
              const read = await stream.read(A, consumer, {
                count: random.integer(1, 40),
                waitMs: LONG_MS,
                signal: done.signal,
              });
              own.push(...read);
              received.push(...read);
              if (random.next() < 0.5) await stream.acknowledge(A, idsOf(read));
              if (received.length >= entries.length) done.abort();
            }
            return own;
          };
          const consuming = Array.from({ length: 8 }, (_, index) => consume(`consumer-${index}`));
          for (let at = 0; at < entries.length;) {
            const size = random.integer(1, 60);
            await stream.publish(entries.slice(at, at + size));
            at += size;
          }
          const place = new Map(entries.map(({ eventId }, index) => [eventId, index]));
          for (const own of await Promise.all(consuming)) {
            const places = own.map(({ fields }) => place.get(fields.eventId!)!);
            expect(places).toEqual([...places].sort((a, b) => a - b));
          }
          expect(
            fieldsOf(received)
              .map(({ eventId }) => eventId)
              .sort(),
          ).toEqual(entries.map(({ eventId }) => eventId).sort());
        },
      );
    });

    describe('acknowledging', () => {
      it('completes only the named entries', async () => {
        await stream.publish(someEntries(3));
        const [first, second, third] = await readNow(A);
        await stream.acknowledge(A, [first!.id, third!.id]);
        expect(await stateOf(A)).toMatchObject({ pending: 1 });
        expect(idsOf(await takeOver(A, 'two'))).toEqual([second!.id]);
      });

      it('applies to one group only', async () => {
        await stream.ensureGroup(B);
        await stream.publish(someEntries(1));
        const read = await readNow(A);
        await readNow(B);
        await stream.acknowledge(A, idsOf(read));
        expect(await takeOver(A, 'two')).toEqual([]);
        expect(await takeOver(B, 'two')).toHaveLength(1);
      });

      it('accepts repeated IDs and an empty list', async () => {
        await stream.publish(someEntries(1));
        const ids = idsOf(await readNow(A));
        await stream.acknowledge(A, []);
        await stream.acknowledge(A, ids);
        await stream.acknowledge(A, ids);
        expect(await stateOf(A)).toMatchObject({ pending: 0, lag: 0 });
      });

      it('persists across a restart', async () => {
        await stream.publish(someEntries(3));
        const [first] = await readNow(A);
        await stream.acknowledge(A, [first!.id]);
        stream = await opened.reopen();
        expect(await takeOver(A, 'two')).toHaveLength(2);
      });
    });

    describe('takeOver', () => {
      it('moves unfinished entries, oldest first, and counts the delivery', async () => {
        await stream.publish(someEntries(3));
        const read = await readNow(A, 'one');
        const taken = await takeOver(A, 'two');
        expect(taken).toEqual(read.map((entry) => ({ ...entry, deliveryCount: 2 })));
        expect(await takeOver(A, 'three')).toMatchObject([
          { deliveryCount: 3 },
          { deliveryCount: 3 },
          { deliveryCount: 3 },
        ]);
      });

      it('moves at most the requested number of entries', async () => {
        await stream.publish(someEntries(5));
        const read = await readNow(A, 'one');
        expect(idsOf(await takeOver(A, 'two', 0, 2))).toEqual(idsOf(read.slice(0, 2)));
      });

      it('skips undelivered entries', async () => {
        await stream.publish(someEntries(2));
        expect(await takeOver(A, 'two')).toEqual([]);
        expect(await readNow(A)).toHaveLength(2);
      });

      it('moves only entries that were idle for the given time', async () => {
        await stream.publish(someEntries(1));
        const old = await readNow(A, 'one');
        await opened.letPass(400);
        await stream.publish(someEntries(1));
        const fresh = await readNow(A, 'one');
        expect(idsOf(await takeOver(A, 'two', 300))).toEqual(idsOf(old));
        expect(await takeOver(A, 'three', 300)).toEqual([]);
        await opened.letPass(400);
        expect(idsOf(await takeOver(A, 'three', 300))).toEqual([...idsOf(old), ...idsOf(fresh)]);
      });

      it('can move entries to the same consumer name after a restart', async () => {
        await stream.publish(someEntries(1));
        await readNow(A, 'one');
        expect(await takeOver(A, 'one')).toMatchObject([{ deliveryCount: 2 }]);
      });

      it('moves each entry to one of two concurrent callers', async () => {
        await stream.publish(someEntries(20));
        await readNow(A, 'one');
        await opened.letPass(400);
        const [two, three] = await Promise.all([takeOver(A, 'two', 300), takeOver(A, 'three', 300)]);
        expect(new Set([...idsOf(two), ...idsOf(three)]).size).toBe(20);
        expect(two.length + three.length).toBe(20);
      });
    });

    describe('restart', () => {
      it('keeps published entries', async () => {
        const entries = someEntries(10);
        await stream.publish(entries);
        stream = await opened.reopen();
        await stream.ensureGroup(A);
        expect(fieldsOf(await readNow(A))).toEqual(entries);
      });

      it('keeps unfinished entries for takeOver and delivers the rest', async () => {
        await stream.publish(someEntries(5));
        const read = await readNow(A, 'one', 2);
        stream = await opened.reopen();
        await stream.ensureGroup(A);
        expect(await readNow(A, 'one')).toHaveLength(3);
        expect((await takeOver(A, 'two')).slice(0, 2)).toEqual(
          read.map((entry) => ({ ...entry, deliveryCount: 2 })),
        );
      });

      it('continues delivery counts', async () => {
        await stream.publish(someEntries(1));
        await readNow(A, 'one');
        for (let count = 2; count <= 5; count++) {
          stream = await opened.reopen();
          expect(await takeOver(A, 'one')).toMatchObject([{ deliveryCount: count }]);
        }
      });

      it('continues the order of entries', async () => {
        const [before, after] = [someEntries(3), someEntries(3)];
        await stream.publish(before);
        stream = await opened.reopen();
        await stream.publish(after);
        expect(fieldsOf(await readNow(A))).toEqual([...before, ...after]);
      });

      it('keeps groups that were not ensured again', async () => {
        await stream.ensureGroup(B);
        await stream.publish(someEntries(3));
        await readNow(B, 'one', 2);
        stream = await opened.reopen();
        expect((await stream.groups()).map((group) => group.name).sort()).toEqual([A, B]);
        expect(await stateOf(B)).toMatchObject({
          lag: 1,
          pending: 2,
          consumers: [{ name: 'one', pending: 2 }],
        });
      });
    });

    describe('following', () => {
      /** Collects the entries that a follower receives; `received(n)` resolves after n entries. */
      const follower = async () => {
        const entries: Record<string, string>[] = [];
        let onEntry = () => undefined as void;
        const following = await stream.follow((fields) => {
          entries.push(fields);
          onEntry();
        });
        const received = (count: number) =>
          new Promise<Record<string, string>[]>((resolve) => {
            onEntry = () => entries.length >= count && resolve(entries);
            onEntry();
          });
        return { entries, received, stop: () => following.stop() };
      };

      it('receives every later entry in order', async () => {
        await stream.publish(someEntries(2));
        const { received, stop } = await follower();
        const entries = someEntries(5);
        await stream.publish(entries.slice(0, 2));
        await stream.publish(entries.slice(2));
        expect(await received(5)).toEqual(entries);
        await stop();
      });

      it('delivers to every follower independently of groups', async () => {
        const followers = await Promise.all([follower(), follower(), follower()]);
        const entries = someEntries(3);
        await stream.publish(entries);
        expect(fieldsOf(await readNow(A))).toEqual(entries);
        for (const { received, stop } of followers) {
          expect(await received(3)).toEqual(entries);
          await stop();
        }
        expect(await stateOf(A)).toMatchObject({ pending: 3 });
      });

      it('ends when stopped', async () => {
        const [leaving, staying] = [await follower(), await follower()];
        await stream.publish(someEntries(1));
        await leaving.received(1);
        await leaving.stop();
        await stream.publish(someEntries(1));
        await staying.received(2);
        await staying.stop();
        expect(leaving.entries).toHaveLength(1);
      });
    });

    describe('trimming', () => {
      it('deletes entries that every group has completed and returns their number', async () => {
        await stream.ensureGroup(B);
        await stream.publish(someEntries(3));
        for (const group of [A, B]) await stream.acknowledge(group, idsOf(await readNow(group)));
        expect(await stream.trim(DOOMSDAY)).toBe(3);
        await stream.ensureGroup('group-c');
        expect(await readNow('group-c')).toEqual([]);
      });

      it('keeps entries newer than the given time', async () => {
        await stream.publish(someEntries(2));
        await opened.letPass(20);
        const between = await opened.now();
        await opened.letPass(20);
        const newer = someEntries(2);
        await stream.publish(newer);
        await stream.acknowledge(A, idsOf(await readNow(A)));
        expect(await stream.trim(DAWN)).toBe(0);
        expect(await stream.trim(between)).toBe(2);
        await stream.ensureGroup(B);
        expect(fieldsOf(await readNow(B))).toEqual(newer);
      });

      it('keeps entries not yet delivered to a group', async () => {
        await stream.ensureGroup(B);
        const entries = someEntries(3);
        await stream.publish(entries);
        await stream.acknowledge(A, idsOf(await readNow(A)));
        expect(await stream.trim(DOOMSDAY)).toBe(0);
        expect(fieldsOf(await readNow(B))).toEqual(entries);
      });

      it('keeps entries from the first unfinished one onwards', async () => {
        await stream.publish(someEntries(5));
        const read = await readNow(A);
        const unfinished = read[2]!;
        await stream.acknowledge(
          A,
          idsOf(read).filter((id) => id !== unfinished.id),
        );
        expect(await stream.trim(DOOMSDAY)).toBe(2);
        expect(await takeOver(A, 'two')).toEqual([{ ...unfinished, deliveryCount: 2 }]);
        await stream.acknowledge(A, [unfinished.id]);
        expect(await stream.trim(DOOMSDAY)).toBe(3);
      });

      it('keeps entries of a group that was not ensured since a restart', async () => {
        await stream.ensureGroup(B);
        const entries = someEntries(3);
        await stream.publish(entries);
        await stream.acknowledge(A, idsOf(await readNow(A)));
        stream = await opened.reopen();
        await stream.ensureGroup(A);
        expect(await stream.trim(DOOMSDAY)).toBe(0);
        expect(fieldsOf(await readNow(B))).toEqual(entries);
      });

      it('does not affect later entries', async () => {
        await stream.publish(someEntries(3));
        await stream.acknowledge(A, idsOf(await readNow(A)));
        await stream.trim(DOOMSDAY);
        const later = someEntries(2);
        await stream.publish(later);
        expect(fieldsOf(await readNow(A))).toEqual(later);
        await stream.ensureGroup(B);
        expect(fieldsOf(await readNow(B))).toEqual(later);
      });

      it('does not affect entries published after a restart', async () => {
        await stream.publish(someEntries(3));
        await stream.acknowledge(A, idsOf(await readNow(A)));
        await stream.trim(DOOMSDAY);
        stream = await opened.reopen();
        const later = someEntries(2);
        await stream.publish(later);
        expect(fieldsOf(await readNow(A))).toEqual(later);
      });
    });

    describe('the state of groups', () => {
      it('reports lag, pending entries and consumers', async () => {
        await stream.publish(someEntries(6));
        const one = await readNow(A, 'one', 3);
        await readNow(A, 'two', 1);
        await stream.acknowledge(A, [one[0]!.id]);
        const state = await stateOf(A);
        expect(state).toMatchObject({ lag: 2, pending: 3 });
        expect(state!.consumers.map(({ name, pending }) => [name, pending]).sort()).toEqual([
          ['one', 2],
          ['two', 1],
        ]);
      });

      it('reports zero for an empty stream', async () =>
        expect(await stateOf(A)).toMatchObject({ lag: 0, pending: 0 }));

      it('reflects entries that were taken over', async () => {
        await stream.publish(someEntries(2));
        await readNow(A, 'one');
        await takeOver(A, 'two', 0, 1);
        const { consumers } = (await stateOf(A))!;
        expect(consumers.map(({ name, pending }) => [name, pending]).sort()).toEqual([
          ['one', 1],
          ['two', 1],
        ]);
      });

      it('resets the idle time of a consumer that finds no entries', async () => {
        await readNow(A, 'hopeful');
        await takeOver(A, 'hopeful', 1000);
        await opened.letPass(500);
        await takeOver(A, 'hopeful', 1000);
        expect((await stateOf(A))!.consumers).toMatchObject([{ name: 'hopeful', pending: 0 }]);
        expect((await stateOf(A))!.consumers[0]!.idleMs).toBeLessThan(490);
      });

      it('reports the idle time of each consumer', async () => {
        await stream.publish(someEntries(2));
        await readNow(A, 'quiet', 1);
        await opened.letPass(500);
        await readNow(A, 'lively', 1);
        const idle = new Map((await stateOf(A))!.consumers.map(({ name, idleMs }) => [name, idleMs]));
        expect(idle.get('quiet')).toBeGreaterThanOrEqual(490);
        expect(idle.get('lively')).toBeLessThan(490);
      });
    });
  });
}
