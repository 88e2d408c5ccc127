import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import BetterSqlite3 from 'better-sqlite3';
import { LATER } from '../../test/support/a-run';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import type { WriteCommand } from '../database/writer';
import { EmbeddedEventStream } from './embedded-event-stream';
import { OutboxEntity, StreamEntryEntity, StreamGroupEntity, StreamPendingEntity } from './event.entities';
import { OutboxRelay } from './outbox-relay';
import { OutboxRepository } from './outbox.repository';
import { type RunEvent, type StreamFields, toStreamFields } from './run-event';

/** An embedded stream that a test can make unavailable. */
class UnsteadyStream extends EmbeddedEventStream {
  readonly tries = new EventEmitter();
  isDown = false;
  /** The next publish succeeds, but its answer is lost. */
  losesAnswer = false;

  override async publish(entries: StreamFields[]): Promise<string[]> {
    this.tries.emit('try', entries);
    if (this.isDown) throw new Error('out of reach');
    const ids = await super.publish(entries);
    if (!this.losesAnswer) return ids;
    this.losesAnswer = false;
    throw new Error('answer lost');
  }
}

let folder: string;
let database: Database;
let stream: UnsteadyStream;
let relay: OutboxRelay;
let outbox: OutboxRepository;
beforeAll(() => Logger.overrideLogger(false));
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobato-outbox-'));
  database = await Database.open(join(folder, 'outbox.db'), [
    OutboxEntity,
    StreamEntryEntity,
    StreamGroupEntity,
    StreamPendingEntity,
  ]);
  stream = new UnsteadyStream(database, new Clock());
  outbox = new OutboxRepository(database);
  relay = new OutboxRelay(outbox, stream, new Clock());
});
afterEach(async () => {
  await relay.beforeApplicationShutdown();
  await stream.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const anEvent = (runId: string = randomUUID()): RunEvent => ({
  eventId: randomUUID(),
  eventType: 'run.requested',
  eventVersion: 1,
  occurredAt: LATER,
  runId,
  payload: { projectId: 'demo', scope: 'full', steps: [], definitionHash: 'f', params: {}, attempt: 1 },
});
const put: WriteCommand<RunEvent[], void> = async (tx, batches) => {
  await outbox.insert(tx, batches.flat());
  return batches.map(() => undefined);
};
/** Returns the published entries once there are at least `count`. */
const published = async (count: number): Promise<Record<string, string>[]> => {
  const fields: Record<string, string>[] = [];
  while (fields.length < count) {
    const entries = await stream.read('test', 'test', { count: 10_000, waitMs: 60_000 });
    fields.push(...entries.map((entry) => entry.fields));
  }
  return fields;
};

describe('OutboxRelay', () => {
  it('publishes events in order, and empties the outbox', async () => {
    const events = Array.from({ length: 1200 }, () => anEvent());
    for (let at = 0; at < events.length; at += 100) await database.write(put, events.slice(at, at + 100));
    relay.kick();
    expect(await published(1200)).toEqual(events.map(toStreamFields));
    await relay.beforeApplicationShutdown();
    expect(await relay.depth()).toMatchObject({ events: 0, oldestAgeSeconds: 0 });
  });

  it('publishes remaining events at startup', async () => {
    const event = anEvent();
    await database.write(put, [event]);
    relay.onApplicationBootstrap();
    expect(await published(1)).toEqual([toStreamFields(event)]);
  });

  it('reports the runs with unpublished events', async () => {
    const [waiting, other] = [anEvent(), anEvent()];
    await database.write(put, [waiting]);
    expect(await relay.unpublished([waiting.runId, other.runId])).toEqual(new Set([waiting.runId]));
    expect(await relay.unpublished([])).toEqual(new Set());
    expect(await relay.depth()).toMatchObject({ events: 1, oldestAgeSeconds: expect.any(Number) });
  });

  it('keeps all events during a stream outage, and publishes them in order afterwards', async () => {
    stream.isDown = true;
    const events = [anEvent(), anEvent(), anEvent()];
    await database.write(put, events.slice(0, 2));
    const tried = once(stream.tries, 'try');
    relay.kick();
    await tried;
    await database.write(put, events.slice(2));
    relay.kick();
    expect((await relay.depth()).events).toBe(3);
    stream.isDown = false;
    expect(await published(3)).toEqual(events.map(toStreamFields));
  });

  it('publishes again, with the same ID, if the response of the stream was lost', async () => {
    stream.losesAnswer = true;
    const event = anEvent();
    await database.write(put, [event]);
    relay.kick();
    expect(await published(2)).toEqual([toStreamFields(event), toStreamFields(event)]);
  });

  it('publishes again, with the same ID, if the published row could not be deleted', async () => {
    const other = new BetterSqlite3(join(folder, 'outbox.db'));
    other.exec("CREATE TRIGGER kept BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'kept'); END");
    const [first, second] = [anEvent(), anEvent()];
    await database.write(put, [first]);
    relay.kick();
    expect(await published(2)).toEqual([toStreamFields(first), toStreamFields(first)]);
    other.exec('DROP TRIGGER kept');
    other.close();
    await database.write(put, [second]);
    relay.kick();
    expect((await published(1)).at(-1)).toEqual(toStreamFields(second));
    await relay.beforeApplicationShutdown();
    expect((await relay.depth()).events).toBe(0);
  });

  it('publishes nothing from a rolled-back transaction', async () => {
    const [lost, kept] = [anEvent(), anEvent()];
    const failing: WriteCommand<RunEvent[], void> = async (tx, batches) => {
      await put(tx, batches);
      throw new Error('taken back');
    };
    await expect(database.write(failing, [lost])).rejects.toThrow('taken back');
    await database.write(put, [kept]);
    relay.kick();
    expect(await published(1)).toEqual([toStreamFields(kept)]);
  });

  it('publishes nothing after shutdown and keeps the events', async () => {
    await relay.beforeApplicationShutdown();
    await database.write(put, [anEvent()]);
    relay.kick();
    expect((await relay.depth()).events).toBe(1);
  });
});
