import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clock } from '../src/clock/clock';
import { Database } from '../src/database/database';
import { EmbeddedEventStream } from '../src/events/embedded-event-stream';
import { StreamEntryEntity, StreamGroupEntity, StreamPendingEntity } from '../src/events/event.entities';
import { describeEventStream, someEntries } from './event-stream.contract';

/** Follows the system clock, and can be set forward. */
class TurnableClock extends Clock {
  private aheadMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.aheadMs;
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.aheadMs;
  }

  turn(ms: number): void {
    this.aheadMs += ms;
  }
}

const openDatabase = (folder: string) =>
  Database.open(join(folder, 'stream.db'), [StreamEntryEntity, StreamGroupEntity, StreamPendingEntity]);

it('records deliveries and acknowledgements without commits of their own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-stream-'));
  const database = await openDatabase(folder);
  const stream = new EmbeddedEventStream(database, new Clock());
  await stream.ensureGroup('group');
  const write = jest.spyOn(database, 'write');
  await stream.publish(someEntries(1));
  const [entry] = await stream.read('group', 'one', { count: 10, waitMs: 0 });
  const acknowledged = stream.acknowledge('group', [entry!.id]);
  await stream.publish(someEntries(1));
  await acknowledged;
  expect(write).toHaveBeenCalledTimes(2);

  await stream.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

describeEventStream('embedded event stream', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-stream-'));
  const clock = new TurnableClock();
  let database = await openDatabase(folder);
  let stream = new EmbeddedEventStream(database, clock);
  return {
    stream,
    reopen: async () => {
      await stream.close();
      await database.close();
      database = await openDatabase(folder);
      stream = new EmbeddedEventStream(database, clock);
      return stream;
    },
    close: async () => {
      await stream.close();
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
    letPass: async (ms) => clock.turn(ms),
    now: async () => clock.now(),
  };
});
