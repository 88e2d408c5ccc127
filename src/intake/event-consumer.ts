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
import { AppliedEventRepository } from '../events/applied-event.repository';
import { API_GROUP, EventStream, type StreamEntry } from '../events/event-stream';
import { EventApplier } from './event-applier';
import type { Evidence } from './event-authority';

const BATCH = 500;
/** More than one batch, because a batch may have been in progress when the process ended. */
const RECENT_ENTRIES = 2000;
const WAIT_MS = 5_000;
/** Delay before a failed entry is retried, and the number of deliveries after which it is rejected. */
const RETRY_AFTER_MS = 5_000;
const MAX_DELIVERIES = 5;
const PAUSE_MS = 1000;
/**
 * Limit at start-up. An entry with more deliveries may be the cause of a crash of this process, so it is rejected
 * without another try.
 */
const MAX_DELIVERIES_BEFORE_START = 8;
/**
 * Time limit for the backlog at start-up and at shutdown. Senders may be as fast as the server, so the backlog may
 * never empty.
 */
const CATCH_UP_MS = 5_000;

/**
 * Applies the entries of the stream to their runs. Each batch is one transaction. The batch is acknowledged after the
 * commit, and the next commit stores that acknowledgement. An entry that cannot be applied never blocks the others.
 */
@Injectable()
export class EventConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(EventConsumer.name);
  private readonly stopping = new AbortController();
  private readonly name: string;
  private consuming: Promise<void> = Promise.resolve();
  private acknowledging: Promise<void> = Promise.resolve();
  private onCaughtUp: () => void = () => undefined;
  /**
   * Resolves when the backlog from before this start is applied. If the storage fails, it resolves only after recovery.
   */
  readonly caughtUp = new Promise<void>((resolve) => (this.onCaughtUp = resolve));
  private isCaughtUp = false;
  private readTrouble: string | null = null;
  private applyTrouble: string | null = null;
  /** Why a batch could not be applied in full; reset when a catch-up begins. */
  private failure: unknown = null;
  private lastRetryMs = -Infinity;
  /** The last batch failed because the database could not be written. */
  private hasStorageFailed = false;
  /** An entry that was read could not be applied. */
  private hasUnapplied = false;
  /** Entries that take long, by id. */
  private readonly apart = new Map<string, Promise<void>>();

  constructor(
    private readonly stream: EventStream,
    private readonly applier: EventApplier,
    private readonly inbox: AppliedEventRepository,
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

  /** Applies the entries still on the stream: they report how the runs of this process ended. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.consuming;
    try {
      await this.takeWhatIsThere();
      // A long copy would outlast the time for the shutdown.
      await this.applier.finishPreparations(CATCH_UP_MS);
      await Promise.race([this.finishApart(), delay(CATCH_UP_MS, undefined, { ref: false })]);
    } catch (error) {
      this.logger.warn(`Remaining events on the stream will be applied at the next start: ${String(error)}`);
    }
  }

  /**
   * Applies the backlog before any run is judged. Otherwise a run whose final event is still in the backlog would count
   * as interrupted and be executed again.
   */
  private async catchUp(triesAtMost?: number): Promise<void> {
    this.failure = null;
    try {
      while ((await this.takeOver(0, triesAtMost)) === BATCH); // pending since an earlier start
      await this.applyForgotten();
      await this.takeWhatIsThere();
      await this.finishApart();
      if (this.failure instanceof StorageError) throw this.failure;
    } catch (error) {
      this.logger.error(`Applying older events on the stream failed, retrying: ${String(error)}`);
      // The storage loses nothing, so wait for it. A stream may never come back.
      if (error instanceof StorageError) return;
    }
    this.isCaughtUp = true;
    this.onCaughtUp();
  }

  /** Whether the end of a run has arrived, and waits only for this server. */
  isPreparingEnd(runId: string): boolean {
    return this.applier.isPreparingEnd(runId);
  }

  /** @throws StorageError while runs cannot be judged, because the backlog may not be applied yet */
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
        // Every retry counts as a delivery, and an event has a limited number of them.
        const isRetryDue =
          performance.now() - this.lastRetryMs >= RETRY_AFTER_MS &&
          this.database.trouble === null &&
          // They are pending too, and would be delivered again.
          this.apart.size === 0;
        if (isRetryDue) await this.retry();
        await this.takeBatch(WAIT_MS);
        if (this.readTrouble !== null) await this.applyForgotten();
        this.readTrouble = null;
      } catch (error) {
        if (storageReasonOf(error) === null) {
          const trouble = `Reading the event stream failed: ${String(error)}`;
          if (trouble !== this.readTrouble) this.logger.error(trouble);
          this.readTrouble = trouble;
        } else {
          this.applyTrouble = `Applying events failed: ${String(error)}`;
          this.hasStorageFailed = true;
        }
        await this.pause();
      }
    }
  }

  /**
   * Returns whether the database can be written again. Reading before that would only use up deliveries. Failed entries
   * are retried before new ones are read, so that events of a run are applied in order.
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

  /**
   * Reads entries again that failed and are no longer pending. The group forgets pending entries when this consumer is
   * deleted.
   */
  private async applyUnapplied(): Promise<void> {
    if (!this.hasUnapplied) return;
    this.hasUnapplied = false;
    await this.applyForgotten();
  }

  private async pause(): Promise<void> {
    await delay(PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /**
   * Applies delivered entries that the group no longer lists as pending. That happens if an operator deletes their
   * consumer or moves the group's offset. The latest entries are read again; the inbox marks those already applied as
   * duplicates.
   */
  private async applyForgotten(): Promise<void> {
    const recent = await this.inbox.latestEntryIds(RECENT_ENTRIES);
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
    const apply = (entry: StreamEntry) =>
      entry.deliveryCount > triesAtMost ? this.setAside(entry) : this.handleOne(entry);
    const slow = entries.filter((entry) => this.applier.mustPrepare(entry));
    for (const entry of slow) this.handleApart(entry, apply);
    const quick = slow.length === 0 ? entries : entries.filter((entry) => !slow.includes(entry));
    await this.settle(quick, await Promise.allSettled(quick.map(apply)));
  }

  /** Applies an event that takes long, while others are applied. It stays pending until then. */
  private handleApart(entry: StreamEntry, apply: (entry: StreamEntry) => Promise<void>): void {
    if (this.apart.has(entry.id)) return;
    const handled = Promise.allSettled([apply(entry)])
      .then((results) => this.settle([entry], results))
      .finally(() => this.apart.delete(entry.id));
    this.apart.set(entry.id, handled);
  }

  /** Resolves when no event that takes long is left. */
  private async finishApart(): Promise<void> {
    while (this.apart.size > 0) await Promise.all(this.apart.values());
  }

  private async settle(entries: StreamEntry[], results: PromiseSettledResult<void>[]): Promise<void> {
    const done = entries.filter((_, index) => results[index]!.status === 'fulfilled').map(({ id }) => id);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      this.failure = failed.reason;
      this.hasUnapplied = true;
    }
    if (entries.length > 0)
      this.applyTrouble = failed ? `Applying events failed: ${String(failed.reason)}` : null;
    this.hasStorageFailed ||= results.some(hasFailedForStorage);
    results.forEach((result, index) => {
      if (result.status === 'rejected' && !hasFailedForStorage(result)) {
        this.logger.error(
          `Event ${entries[index]!.id} could not be applied, retrying: ${String(result.reason)}`,
        );
      }
    });
    await this.acknowledge(done);
  }

  /** Waits only for the previous acknowledgement, which was stored with the commit of this batch. */
  private async acknowledge(ids: string[]): Promise<void> {
    const before = this.acknowledging;
    this.acknowledging = this.stream
      .acknowledge(API_GROUP, ids)
      .catch((error: unknown) =>
        this.logger.warn(
          `Acknowledging applied events failed, so they will be delivered again: ${String(error)}`,
        ),
      );
    await before;
  }

  private async handleOne(entry: StreamEntry): Promise<void> {
    try {
      const { outcome, reason } = await this.applier.apply(entry, this.evidenceOf(entry));
      if (outcome === 'rejected') this.logger.warn(`Event ${entry.id} rejected: ${reason}`);
    } catch (error) {
      // A storage failure or a shutdown must not use up the deliveries of valid events.
      const isTransient = error instanceof StorageError || this.stopping.signal.aborted;
      if (isTransient || entry.deliveryCount < MAX_DELIVERIES) throw error;
      await this.setAside(entry);
    }
  }

  private evidenceOf({ fields }: StreamEntry): Evidence {
    const isFromOutside = this.stream.isShared || 'redelivered' in fields;
    return isFromOutside ? { via: 'stream', fields } : { via: 'server' };
  }

  private async setAside(entry: StreamEntry): Promise<void> {
    await this.applier.reject(entry, `could not be applied after ${entry.deliveryCount} deliveries`);
  }
}

function hasFailedForStorage(result: PromiseSettledResult<unknown>): boolean {
  return result.status === 'rejected' && storageReasonOf(result.reason) !== null;
}
