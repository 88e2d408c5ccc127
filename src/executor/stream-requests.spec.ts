import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import { EmbeddedEventStream } from '../events/embedded-event-stream';
import { StreamEntryEntity, StreamGroupEntity, StreamPendingEntity } from '../events/event.entities';
import { WORKER_GROUP } from '../events/event-stream';
import type { StreamFields } from '../events/run-event';
import type { Attempt } from './attempt';
import { SlotLimiter } from './slot-limiter';
import { StreamRequests } from './stream-requests';

const fields = (eventType: string, runId: string, attempt = 1) =>
  ({ eventType, runId, payload: JSON.stringify({ attempt }) }) as unknown as StreamFields;
const requested = (runId: string, attempt = 1) => fields('run.requested', runId, attempt);
const others = (count: number) => Array.from({ length: count }, () => fields('run.progress', 'other'));

/** An attempt that lasts until the test ends it. */
class Lasting implements Attempt {
  end: () => void = () => undefined;

  constructor(
    readonly runId: string,
    readonly attempt: number,
    readonly projectId = `${runId} of ${attempt}`,
  ) {}

  carryOut(): Promise<void> {
    return new Promise((resolve) => (this.end = resolve));
  }

  stop(): void {}

  checkStop(): void {}
}

describe('StreamRequests', () => {
  let folder: string;
  let database: Database;
  let stream: EmbeddedEventStream;
  let claims: string[];
  let claimed: Set<string>;
  let held: Map<string, Lasting>;
  let fewestFree: number;
  let workers: StreamRequests[];
  let stopAll: () => void;
  let read: jest.SpyInstance;
  /** Milliseconds by which the monotonic clock is ahead. */
  let passedMs: number;
  const reads = () => read.mock.calls.length;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    passedMs = 0;
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + passedMs);
    folder = mkdtempSync(join(tmpdir(), 'jobato-requests-'));
    database = await Database.open(join(folder, 'stream.db'), [
      StreamEntryEntity,
      StreamGroupEntity,
      StreamPendingEntity,
    ]);
    stream = new EmbeddedEventStream(database, new Clock());
    await stream.ensureGroup(WORKER_GROUP);
    read = jest.spyOn(stream, 'read');
    [claims, claimed, held, workers, fewestFree] = [[], new Set(), new Map(), [], Infinity];
    stopAll = () => held.forEach((attempt) => attempt.end());
  });
  afterEach(async () => {
    stopAll();
    await stream.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    await database.close();
    rmSync(folder, { recursive: true, force: true });
    jest.restoreAllMocks();
  });

  async function start(name: string, count: number): Promise<void> {
    const slots = new SlotLimiter(count);
    const worker = new StreamRequests(stream, name, slots, async ({ runId, payload }) => {
      fewestFree = Math.min(fewestFree, slots.free);
      const { attempt } = JSON.parse(payload!) as { attempt: number };
      const key = `${runId} ${attempt}`;
      claims.push(`${name}: ${key}`);
      if (claimed.has(key)) return null;
      claimed.add(key);
      held.set(key, new Lasting(runId!, attempt));
      return held.get(key)!;
    });
    workers.push(worker);
    await worker.start();
  }

  async function until(what: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (!(await what())) {
      if (performance.now() > deadline) throw new Error(`Never: ${what.toString()}, claims ${claims.join()}`);
      await new Promise((next) => setImmediate(next));
    }
  }
  const pending = async () => (await stream.groups())[0]!.pending;
  const unread = async () => (await stream.groups())[0]!.lag;
  /** Advances the clock and publishes an entry: the worker checks for entries to take over after a read. */
  async function pass(ms: number): Promise<void> {
    passedMs += ms;
    await stream.publish(others(1));
  }

  it('finds a request behind thousands of other entries', async () => {
    await stream.publish([...others(3000), requested('a')]);
    await start('w', 1);
    await until(() => held.has('a 1'));
    expect(reads()).toBeLessThan(25);
    await until(async () => (await pending()) === 0);
  });

  it('takes no more requests than it has free slots', async () => {
    await start('one', 1);
    await start('two', 1);
    await until(() => reads() >= 2);
    await stream.publish([requested('a'), requested('b')]);
    await until(() => held.size === 2);
    expect(claims.map((claim) => claim.slice(0, 3)).sort()).toEqual(['one', 'two']);
  });

  it('queues requests until a slot is free', async () => {
    await stream.publish([...others(1000), requested('a'), requested('b'), requested('c'), ...others(10)]);
    await start('w', 1);
    for (const runId of ['a', 'b', 'c']) {
      await until(() => held.has(`${runId} 1`));
      held.get(`${runId} 1`)!.end();
    }
    await until(async () => (await pending()) === 0 && (await unread()) === 0);
    expect(fewestFree).toBe(0);
    expect(claims).toEqual(['w: a 1', 'w: b 1', 'w: c 1']);
  });

  it('leaves queued requests to other workers after 5 s', async () => {
    await stream.publish([...others(1000), requested('a'), requested('b')]);
    await start('one', 1);
    await until(() => held.has('a 1'));
    await start('two', 1);
    await pass(5000);
    await until(() => claims.includes('two: b 1'));
    held.get('a 1')!.end();
    await until(async () => (await pending()) === 0);
  });

  it('acknowledges requests for an attempt that runs here, or for an earlier one', async () => {
    await start('w', 2);
    await stream.publish([requested('a', 2)]);
    await until(() => held.has('a 2'));
    await stream.publish([requested('a', 2), requested('a', 1)]);
    await until(async () => (await unread()) === 0 && (await pending()) === 0);
    expect(claims).toEqual(['w: a 2']);
  });

  it('queues one request per run until the earlier attempt ends, then waits for a slot', async () => {
    await start('w', 2);
    await stream.publish([requested('a', 1)]);
    await until(() => held.has('a 1'));
    await stream.publish([requested('a', 2), requested('a', 2), requested('a', 2)]);
    await until(async () => (await unread()) === 0 && (await pending()) === 3);
    await stream.publish([requested('b')]);
    await until(() => held.has('b 1'));
    held.get('a 1')!.end();
    await until(() => held.has('a 2'));
    expect(fewestFree).toBe(0);
    expect(claims).toEqual(['w: a 1', 'w: b 1', 'w: a 2']);
    held.get('b 1')!.end();
    await pass(5000);
    await until(async () => (await pending()) === 0);
    expect(claims).toEqual(['w: a 1', 'w: b 1', 'w: a 2']);
  });

  it('takes over a request of a lost worker while another run waits for its earlier attempt', async () => {
    await start('w', 2);
    await stream.publish([requested('a', 1)]);
    await until(() => held.has('a 1'));
    await stream.publish([requested('a', 2)]);
    await until(async () => (await unread()) === 0 && (await pending()) === 1);
    await stream.publish([requested('c')]);
    await until(() => held.has('c 1'));
    await stream.publish([requested('b')]);
    await stream.read(WORKER_GROUP, 'lost', { count: 1, waitMs: 0 });
    held.get('c 1')!.end();
    await pass(5000);
    await until(() => held.has('b 1'));
  });
});
