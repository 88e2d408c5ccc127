import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clock } from '../src/clock/clock';
import { Database } from '../src/database/database';
import { EmbeddedEventStream } from '../src/events/embedded-event-stream';
import { StreamEntryEntity, StreamGroupEntity, StreamPendingEntity } from '../src/events/event.entities';
import { describeEventStream } from './event-stream.contract';

/** Goes with the system's clock, and can be put forward. */
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

describeEventStream('the embedded event stream', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-stream-'));
  const clock = new TurnableClock();
  const openDatabase = () =>
    Database.open(join(folder, 'stream.db'), [StreamEntryEntity, StreamGroupEntity, StreamPendingEntity]);
  let database = await openDatabase();
  let stream = new EmbeddedEventStream(database, clock);
  return {
    stream,
    reopen: async () => {
      await stream.close();
      await database.close();
      database = await openDatabase();
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
