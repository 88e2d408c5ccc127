import { setTimeout as delay } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Database } from '../database/database';
import { StorageError, storageReasonOf } from '../database/storage-error';
import { NodeIdentity } from '../lifecycle/node-identity';
import { API_GROUP, EventStream, type StreamEntry } from '../events/event-stream';
import { EventApplier } from './event-applier';
import type { Evidence } from './event-authority';

const BATCH = 500;
const WAIT_MS = 5_000;
/** An entry whose transaction failed is tried again after this long, and after so many deliveries is rejected. */
const RETRY_AFTER_MS = 5_000;
const MAX_DELIVERIES = 5;
const PAUSE_MS = 1000;
/** One that so many deliveries did not get rid of by a start may be what ends this process: it is not tried again. */
const MAX_DELIVERIES_BEFORE_START = 8;
/** For so long a start, or a stop, applies what is on the stream; senders may be as quick as we are. */
const CATCH_UP_MS = 5_000;

/**
 * Applies what lies on the stream to the runs: a batch in one transaction, one acknowledgement after its commit, which
 * the next commit stores.
 * An entry that cannot be applied never holds up the others.
 */
@Injectable()
export class EventConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(EventConsumer.name);
  private readonly stopping = new AbortController();
  private readonly name: string;
  private consuming: Promise<void> = Promise.resolve();
  private acknowledging: Promise<void> = Promise.resolve();
  private onCaughtUp: () => void = () => undefined;
  /** Resolves when what lay on the stream before this life is applied. With the storage in trouble, that is after it. */
  readonly caughtUp = new Promise<void>((resolve) => (this.onCaughtUp = resolve));
  private isCaughtUp = false;
  private readTrouble: string | null = null;
  private applyTrouble: string | null = null;
  /** Why a batch could not be applied in full, since the catching up began. */
  private failure: unknown = null;
  private lastRetryMs = -Infinity;
  /** What was read last could not be applied because the database could not be written. */
  private hasStorageFailed = false;
  /** Something that was read could not be applied. */
  private hasUnapplied = false;

  constructor(
    private readonly stream: EventStream,
    private readonly applier: EventApplier,
    private readonly database: Database,
    node: NodeIdentity,
  ) {
    this.name = `api-${node.id}`;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.catchUp(MAX_DELIVERIES_BEFORE_START);
    this.consuming = this.consume();
  }

  /** Why events are not applied at the moment; null while they are. */
  get trouble(): string | null {
    return this.readTrouble ?? this.applyTrouble;
  }

  /** What is on the stream by now is still applied: it tells how the runs of this process ended. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.consuming;
    try {
      await this.takeWhatIsThere();
    } catch (error) {
      this.logger.warn(`What is still on the event stream is applied at the next start: ${String(error)}`);
    }
  }

  /**
   * What was said before this life is applied before anyone judges the runs by how they stand: else one that had
   * ended, and had said so, would be taken for interrupted and be carried out again.
   */
  private async catchUp(triesAtMost?: number): Promise<void> {
    this.failure = null;
    try {
      while ((await this.takeOver(0, triesAtMost)) === BATCH); // entries of an earlier start of this process
      await this.applyForgotten();
      await this.takeWhatIsThere();
      if (this.failure instanceof StorageError) throw this.failure;
    } catch (error) {
      this.logger.error(`What lies on the event stream from before cannot be applied yet: ${String(error)}`);
      // The storage keeps everything, so it is waited for; a stream may never come back.
      if (error instanceof StorageError) return;
    }
    this.isCaughtUp = true;
    this.onCaughtUp();
  }

  /** @throws StorageError while runs cannot be judged yet: what was said of them may not be applied */
  assertCaughtUp(): void {
    if (!this.isCaughtUp) throw new StorageError(this.database.trouble ?? 'locked');
  }

  private async catchUpLater(): Promise<void> {
    await this.database.assertWritable();
    await this.catchUp();
    this.assertCaughtUp();
  }

  private async takeWhatIsThere(): Promise<void> {
    const untilMs = performance.now() + CATCH_UP_MS;
    while ((await this.takeBatch(0)) > 0 && performance.now() < untilMs);
  }

  private async consume(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        while (this.hasStorageFailed && !(await this.hasResumed())) await this.pause();
        if (this.stopping.signal.aborted) return;
        if (!this.isCaughtUp) await this.catchUpLater();
        // Each time counts as a delivery, of which an event has only so many.
        const isRetryDue =
          performance.now() - this.lastRetryMs >= RETRY_AFTER_MS && this.database.trouble === null;
        if (isRetryDue) await this.retry();
        await this.takeBatch(WAIT_MS);
        if (this.readTrouble !== null) await this.applyForgotten();
        this.readTrouble = null;
      } catch (error) {
        if (storageReasonOf(error) === null) {
          this.readTrouble = `The event stream cannot be read: ${String(error)}`;
          this.logger.error(this.readTrouble);
        } else {
          this.applyTrouble = `Events cannot be applied: ${String(error)}`;
          this.hasStorageFailed = true;
        }
        await this.pause();
      }
    }
  }

  /**
   * Reading on while nothing can be written would only use up deliveries. Once that works again, what failed comes
   * before what is new, so that the events of a run are applied in their order.
   */
  private async hasResumed(): Promise<boolean> {
    if (this.stopping.signal.aborted) return true;
    try {
      await this.database.assertWritable();
    } catch {
      return false;
    }
    this.hasStorageFailed = false;
    this.applyTrouble = null;
    while (!this.hasStorageFailed && (await this.takeOver(0)) === BATCH);
    if (!this.hasStorageFailed) await this.applyUnapplied();
    return !this.hasStorageFailed;
  }

  private async retry(): Promise<void> {
    await this.takeOver(RETRY_AFTER_MS);
    await this.applyUnapplied();
  }

  /** What could not be applied is pending and was taken over, except where this consumer was deleted. */
  private async applyUnapplied(): Promise<void> {
    if (!this.hasUnapplied) return;
    this.hasUnapplied = false;
    await this.applyForgotten();
  }

  private async pause(): Promise<void> {
    await delay(PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /**
   * Entries that were handed out and never applied are pending, and taken over; unless somebody deleted the consumer
   * that had them, or the group's place was moved. So the last stretch is read once more: the inbox knows what of it
   * has had its effect.
   */
  private async applyForgotten(): Promise<void> {
    const recent = await this.applier.recentEntryIds();
    for await (const entries of this.stream.deliveredSince(API_GROUP, recent)) await this.handle(entries);
  }

  private async takeOver(idleMs: number, triesAtMost?: number): Promise<number> {
    const entries = await this.stream.takeOver(API_GROUP, this.name, { idleMs, count: BATCH });
    await this.handle(entries, triesAtMost);
    this.lastRetryMs = performance.now();
    return entries.length;
  }

  private async takeBatch(waitMs: number): Promise<number> {
    const entries = await this.stream.read(API_GROUP, this.name, {
      count: BATCH,
      waitMs,
      signal: this.stopping.signal,
    });
    await this.handle(entries);
    return entries.length;
  }

  private async handle(entries: StreamEntry[], triesAtMost = Infinity): Promise<void> {
    const results = await Promise.allSettled(
      entries.map((entry) =>
        entry.deliveryCount > triesAtMost ? this.setAside(entry) : this.handleOne(entry),
      ),
    );
    const done = entries.filter((_, index) => results[index]!.status === 'fulfilled').map(({ id }) => id);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      this.failure = failed.reason;
      this.hasUnapplied = true;
    }
    if (entries.length > 0)
      this.applyTrouble = failed ? `Events cannot be applied: ${String(failed.reason)}` : null;
    this.hasStorageFailed ||= results.some(hasFailedForStorage);
    results.forEach((result, index) => {
      if (result.status === 'rejected' && !hasFailedForStorage(result)) {
        this.logger.error(
          `Event ${entries[index]!.id} could not be applied and is tried again: ${String(result.reason)}`,
        );
      }
    });
    await this.acknowledge(done);
  }

  /** Waits for the acknowledgement before this one only, which the commit of this batch has carried along. */
  private async acknowledge(ids: string[]): Promise<void> {
    const before = this.acknowledging;
    this.acknowledging = this.stream
      .acknowledge(API_GROUP, ids)
      .catch((error: unknown) =>
        this.logger.warn(`Events that were applied come once more: ${String(error)}`),
      );
    await before;
  }

  private async handleOne(entry: StreamEntry): Promise<void> {
    try {
      const { outcome, reason } = await this.applier.apply(entry, this.evidenceOf(entry));
      if (outcome === 'rejected') this.logger.warn(`Event ${entry.id} is rejected: ${reason}`);
    } catch (error) {
      // A storage in trouble must not use up the deliveries of sound events.
      if (error instanceof StorageError || entry.deliveryCount < MAX_DELIVERIES) throw error;
      await this.setAside(entry);
    }
  }

  private evidenceOf({ fields }: StreamEntry): Evidence {
    const isFromOutside = this.stream.isShared || 'redelivered' in fields;
    return isFromOutside ? { origin: 'stream', fields } : { origin: 'server' };
  }

  private async setAside(entry: StreamEntry): Promise<void> {
    await this.applier.reject(entry, `it could not be applied in ${entry.deliveryCount} deliveries`);
  }
}

function hasFailedForStorage(result: PromiseSettledResult<unknown>): boolean {
  return result.status === 'rejected' && storageReasonOf(result.reason) !== null;
}
