import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Transaction } from '../database/writer';
import type { OutboxEntity } from './event.entities';
import { EventStream } from './event-stream';
import { OutboxRepository, REQUESTED } from './outbox.repository';

const MAX_BATCH = 500;
/** Characters per batch. The stream must accept a batch within its command timeout. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
/** Rows per delete: small batches, so that other writes do not wait long. */
const FORGOTTEN_AT_ONCE = 5000;
const RETRY_MS = 1000;

/**
 * Publishes the outbox in order, then deletes the published rows. If the process or the stream fails between the two,
 * the event is published again. The duplicate has the same id and no second effect.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private relaying: Promise<void> | null = null;
  private settling: Promise<void> = Promise.resolve();
  /** Rows up to this position are published and await deletion. */
  private publishedUpTo = 0;
  /** A delete failed, so the remaining rows are published again. */
  private isUnsettled = false;
  private batch = MAX_BATCH;
  private kicked = false;
  private stopped = false;
  private retryTimer: NodeJS.Timeout | null = null;
  private failing = false;

  constructor(
    private readonly outbox: OutboxRepository,
    private readonly stream: EventStream,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.kick();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.retryTimer) clearTimeout(this.retryTimer);
    await this.relaying;
    await this.settling;
  }

  /**
   * Starts publishing after a commit has added events to the outbox. Returns at once and does not wait for the stream.
   */
  kick(): void {
    this.kicked = true;
    if (this.relaying || this.stopped) return;
    this.relaying = this.relay()
      .catch((error: unknown) => this.retryLater(error))
      .finally(() => {
        this.relaying = null;
        if (this.kicked && !this.retryTimer) this.kick();
      });
  }

  async depth(): Promise<{ events: number; oldestAgeSeconds: number }> {
    const { events, oldest } = await this.outbox.depth();
    const ageMs = oldest === null ? 0 : this.clock.nowMs() - Date.parse(oldest);
    return { events, oldestAgeSeconds: Math.max(0, ageMs / 1000) };
  }

  /** Returns those of the runs whose `run.requested` is not published, so that no worker can have received it. */
  unpublished(runIds: string[], reader?: Pick<Transaction, 'query'>): Promise<Set<string>> {
    // Rows up to `publishedUpTo` are already published and only await deletion.
    return this.outbox.requestsAfter(this.publishedUpTo, runIds, reader);
  }

  /** Returns those of the runs whose `run.requested` is in the outbox, published or not. */
  requested(tx: Transaction, runIds: string[]): Promise<Set<string>> {
    return this.outbox.requestsAfter(0, runIds, tx);
  }

  /** Deletes the stored places of requests whose runs are claimed or have ended. */
  async forgetSettledRequests(): Promise<void> {
    while ((await this.outbox.deleteSettledPlaces(FORGOTTEN_AT_ONCE)) === FORGOTTEN_AT_ONCE);
  }

  private async relay(): Promise<void> {
    while (this.kicked && !this.stopped) {
      this.kicked = false;
      if (this.isUnsettled) this.publishedUpTo = 0;
      this.isUnsettled = false;
      const found = await this.outbox.after(this.publishedUpTo, this.batch);
      if (found.length === 0) continue;
      const rows = withinReason(found);
      const mayBeMore = rows.length < found.length || found.length === this.batch;
      // Read fewer rows next time if this batch was too large, so that large rows do not fill memory.
      this.batch = rows.length < found.length ? rows.length : Math.min(MAX_BATCH, 2 * this.batch);
      const entryIds = await this.stream.publish(rows.map(({ position: _, ...fields }) => fields));
      this.publishedUpTo = rows.at(-1)!.position;
      this.settling = this.settle(rows, entryIds);
      this.kicked ||= mayBeMore;
      if (this.failing) this.logger.log('Publishing events works again.');
      this.failing = false;
    }
  }

  /** Deletes the published rows with another commit. Not awaited, so that the next batch can be published. */
  private async settle(rows: OutboxEntity[], entryIds: string[]): Promise<void> {
    const publishedAt = this.clock.now();
    try {
      await this.outbox.settle(
        rows.map(({ position, runId, eventType }, index) => ({
          position,
          runId,
          isRequest: eventType === REQUESTED,
          publishedAt,
          // Needed only on a volatile stream, to check later whether the request is still there.
          entryId: eventType === REQUESTED && this.stream.isVolatile ? entryIds[index]! : null,
        })),
      );
    } catch (error) {
      this.isUnsettled = true;
      this.retryLater(error);
    }
  }

  private retryLater(error: unknown): void {
    if (!this.failing) this.logger.error(`Publishing events failed, retrying every second: ${String(error)}`);
    this.failing = true;
    if (this.retryTimer) clearTimeout(this.retryTimer);
    if (this.stopped) return;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = null;
      this.kick();
    }, RETRY_MS);
  }
}

/** Returns the leading rows that fit into one batch; at least one. */
function withinReason(rows: OutboxEntity[]): OutboxEntity[] {
  let characters = 0;
  const end = rows.findIndex(({ payload }) => (characters += payload.length) > MAX_CHARACTERS);
  return end < 0 ? rows : rows.slice(0, Math.max(1, end));
}
