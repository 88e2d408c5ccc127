import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { OutboxEntity } from './event.entities';
import { EventStream } from './event-stream';
import { type RunEvent, toStreamFields } from './run-event';

const MAX_BATCH = 500;
/** Characters per batch. The stream must accept a batch within its command timeout. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
/** Rows per delete: small batches, so that other writes do not wait long. */
const FORGOTTEN_AT_ONCE = 5000;
const RETRY_MS = 1000;
const REQUESTED = 'run.requested';

interface Published {
  position: number;
  runId: string;
  isRequest: boolean;
  publishedAt: Instant;
  /** Set for a `run.requested` event on a stream that can lose it. */
  entryId: string | null;
}

/**
 * Publishes the outbox in order, then deletes the published rows. If the process or the stream fails between the two,
 * the event is published again. The duplicate has the same id and no second effect.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly outbox: TableRows<OutboxEntity>;
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
    private readonly database: Database,
    private readonly stream: EventStream,
    private readonly clock: Clock,
  ) {
    this.outbox = database.rows(OutboxEntity);
  }

  onApplicationBootstrap(): void {
    this.kick();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.retryTimer) clearTimeout(this.retryTimer);
    await this.relaying;
    await this.settling;
  }

  /** Adds events to the outbox, in the transaction that makes them true. */
  async put(tx: Transaction, events: RunEvent[]): Promise<void> {
    await this.outbox.insert(tx, events.map(toStreamFields));
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
    const [row] = await this.database.read.query<{ events: number; oldest: string | null }>(
      'SELECT COUNT(*) AS events, MIN(occurred_at) AS oldest FROM outbox',
    );
    const ageMs = row?.oldest ? this.clock.nowMs() - Date.parse(row.oldest) : 0;
    return { events: Number(row?.events ?? 0), oldestAgeSeconds: Math.max(0, ageMs / 1000) };
  }

  /** Returns those of the runs whose `run.requested` is not published, so that no worker can have received it. */
  async unpublished(
    runIds: string[],
    reader: Pick<Transaction, 'query'> = this.database.read,
  ): Promise<Set<string>> {
    if (runIds.length === 0) return new Set();
    const rows = await reader.query<{ run_id: string }>(
      // Rows up to `publishedUpTo` are already published and only await deletion.
      `SELECT DISTINCT run_id FROM outbox WHERE position > ? AND event_type = ? AND run_id IN ${inList(runIds)}`,
      [this.publishedUpTo, REQUESTED, ...runIds],
    );
    return new Set(rows.map(({ run_id }) => run_id));
  }

  /** Deletes the stored requests of runs that are claimed or have ended. */
  async forgetSettledRequests(): Promise<void> {
    while ((await this.deleteSettled(FORGOTTEN_AT_ONCE)) === FORGOTTEN_AT_ONCE);
  }

  private readonly deleteSettled = this.database.command(
    async (tx: Transaction, limits: number[]): Promise<number[]> => {
      const counts: number[] = [];
      for (const limit of limits) {
        const deleted = await tx.query(
          'DELETE FROM published_requests WHERE run_id IN (SELECT p.run_id FROM published_requests p' +
            ' LEFT JOIN runs ON runs.run_id = p.run_id' +
            " WHERE runs.run_id IS NULL OR runs.status <> 'running' OR runs.claimed_at IS NOT NULL LIMIT ?)" +
            ' RETURNING run_id',
          [limit],
        );
        counts.push(deleted.length);
      }
      return counts;
    },
  );

  private async relay(): Promise<void> {
    while (this.kicked && !this.stopped) {
      this.kicked = false;
      if (this.isUnsettled) this.publishedUpTo = 0;
      this.isUnsettled = false;
      const found = await this.outbox.select(
        this.database.read,
        'WHERE position > ? ORDER BY position LIMIT ?',
        [this.publishedUpTo, this.batch],
      );
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
      await this.settlePublished(
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

  private readonly settlePublished = this.database.commandAlong(
    async (tx: Transaction, batches: Published[][]): Promise<void[]> => {
      const published = batches.flat();
      const positions = published.map(({ position }) => position);
      await tx.query(`DELETE FROM outbox WHERE position IN ${inList(positions)}`, positions);
      const requests = new Map(
        published.flatMap(({ runId, entryId }) => (entryId === null ? [] : [[runId, entryId]])),
      );
      await tx.each(
        'INSERT INTO published_requests (run_id, entry_id) VALUES (?, ?)' +
          ' ON CONFLICT (run_id) DO UPDATE SET entry_id = excluded.entry_id',
        [...requests],
      );
      await this.notePublished(
        tx,
        published.filter(({ isRequest }) => isRequest),
      );
      return batches.map(() => undefined);
    },
  );

  /**
   * Stores when the request was published, for external runs only. Decides whether a worker may be executing an
   * unclaimed run.
   */
  private async notePublished(tx: Transaction, requests: Published[]): Promise<void> {
    await tx.each(
      'UPDATE runs SET request_published_at = ?' +
        " WHERE run_id = ? AND executor = 'external' AND status = 'running' AND claimed_at IS NULL",
      requests.map(({ publishedAt, runId }) => [publishedAt, runId]),
    );
  }
}

/** Returns the leading rows that fit into one batch; at least one. */
function withinReason(rows: OutboxEntity[]): OutboxEntity[] {
  let characters = 0;
  const end = rows.findIndex(({ payload }) => (characters += payload.length) > MAX_CHARACTERS);
  return end < 0 ? rows : rows.slice(0, Math.max(1, end));
}
