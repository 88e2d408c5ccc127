import { Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import { Clock, type Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import type { LastingCondition } from '../projects/notify-rules';
import { type Answer, hasNotArrived } from './answer';
import type { Delivery, DeliveryState, NewDelivery } from './delivery';
import { ChannelStateEntity, DeliveryEntity } from './notification.entities';
import type { Decision } from './retry-rules';

/** Deliveries that may wait for one channel. The oldest ones beyond it are given up. */
export const MAX_PENDING = 1000;
/** Ended deliveries that are kept. */
const MAX_ENDED = 10_000;
const CHANGED_AT_ONCE = 500;
const SENT_BY_CALLER_MS = 60_000;
/** Failed tries in a row after which a success means that an outage is over. */
const OUTAGE_FAILURES = 3;

export interface DeliveryFilter {
  channelId?: string;
  state?: DeliveryState;
  projectId?: string;
  runId?: string;
}

/** The waiting deliveries of a channel. */
export interface PendingOfChannel {
  channelId: string;
  count: number;
  nextDueAtMs: number;
}

/** The result of a try. */
export interface Outcome {
  delivery: Pick<Delivery, 'position' | 'channelId'>;
  answer: Answer;
  decision: Decision;
}

/** The outbox of notifications. Methods with a `tx` are a part of that transaction. */
@Injectable()
export class DeliveryRepository {
  /** Positions of deliveries whose try is under way. */
  readonly inFlight = new Set<number>();
  private readonly rows: TableRows<DeliveryEntity>;
  private readonly channels: TableRows<ChannelStateEntity>;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    this.rows = database.rows(DeliveryEntity);
    this.channels = database.rows(ChannelStateEntity);
  }

  async insert(tx: Transaction, deliveries: NewDelivery[]): Promise<void> {
    await this.rows.insert(
      tx,
      deliveries.map((delivery) => this.newRow(delivery)),
    );
  }

  /**
   * Stores a delivery that its caller sends at once. It is due later for the sender, in case the server ends before.
   * @returns its id
   */
  readonly addForNow = this.database.command(
    async (tx: Transaction, added: NewDelivery[]): Promise<string[]> => {
      const rows = added.map((delivery) => this.newRow(delivery, SENT_BY_CALLER_MS));
      await this.rows.insert(tx, rows);
      return rows.map(({ id }) => id);
    },
  );

  /**
   * Deletes announcements of a condition that were not delivered, because it is over. One whose request is open is given
   * up: its try may still deliver it, but no other follows.
   * @returns the channels without an open request, and whether an earlier try may have reached them
   */
  async withdraw(
    tx: Transaction,
    { kind, subject }: { kind: LastingCondition; subject: string },
    projectId: string,
  ): Promise<Map<string, { wasTried: boolean }>> {
    const open = [...this.inFlight];
    const over: Answer = { code: 'condition-over' };
    await tx.query(
      "UPDATE notification_deliveries SET state = 'failed', answer = ?, ended_at = ? WHERE project_id = ?" +
        ` AND state = 'pending' AND kind = ? AND subject = ? AND position IN ${inList(open)}`,
      [JSON.stringify(over), this.clock.now(), projectId, kind, subject, ...open],
    );
    const rows = await tx.query<{ channel_id: string; answer: string | null }>(
      "DELETE FROM notification_deliveries WHERE project_id = ? AND state = 'pending' AND kind = ? AND subject = ?" +
        ' RETURNING channel_id, answer',
      [projectId, kind, subject],
    );
    return new Map(
      rows.map(({ channel_id, answer }) => {
        const mayHaveArrived = answer !== null && !hasNotArrived(JSON.parse(answer) as Answer);
        return [channel_id, { wasTried: mayHaveArrived }];
      }),
    );
  }

  async find(id: string): Promise<Delivery | null> {
    const [row] = await this.rows.select(this.database.read, 'WHERE id = ?', [id]);
    return row ?? null;
  }

  /** Returns deliveries before a position, newest first. */
  async list(
    filter: DeliveryFilter,
    limit: number,
    before?: number,
  ): Promise<{ items: Delivery[]; nextCursor: string | null }> {
    const conditions = ['position < ?'];
    const parameters: unknown[] = [before ?? Number.MAX_SAFE_INTEGER];
    const where = (column: string, value: unknown) => {
      if (value === undefined) return;
      conditions.push(`${column} = ?`);
      parameters.push(value);
    };
    where('channel_id', filter.channelId);
    where('state', filter.state);
    where('project_id', filter.projectId);
    where('run_id', filter.runId);
    const items = await this.rows.select(
      this.database.read,
      `WHERE ${conditions.join(' AND ')} ORDER BY position DESC LIMIT ?`,
      [...parameters, limit + 1],
    );
    const page = items.slice(0, limit);
    return { items: page, nextCursor: items.length > limit ? String(page.at(-1)!.position) : null };
  }

  /** Returns the channels with waiting deliveries. Called at each start and end of a run, so an index covers it. */
  async waiting(): Promise<PendingOfChannel[]> {
    return this.database.read.query<PendingOfChannel>(
      'SELECT channel_id AS "channelId", COUNT(*) AS count, MIN(due_at_ms) AS "nextDueAtMs"' +
        " FROM notification_deliveries WHERE state = 'pending' GROUP BY channel_id",
    );
  }

  /** Returns when the oldest waiting delivery was created; null if none waits. */
  async oldestAt(): Promise<Instant | null> {
    const [row] = await this.database.read.query<{ oldest: Instant | null }>(
      "SELECT MIN(created_at) AS oldest FROM notification_deliveries WHERE state = 'pending'",
    );
    return row?.oldest ?? null;
  }

  /** Returns the waiting deliveries of a channel in order of their due time, without those of some projects. */
  next(channelId: string, busyProjects: readonly string[], limit: number): Promise<Delivery[]> {
    return this.rows.select(
      this.database.read,
      "WHERE state = 'pending' AND channel_id = ?" +
        ` AND (project_id IS NULL OR project_id NOT IN ${inList(busyProjects)})` +
        ' ORDER BY due_at_ms, position LIMIT ?',
      [channelId, ...busyProjects, limit],
    );
  }

  /** Keeps the error lines of a delivery before its first try, so that each try has the same content. */
  readonly keepErrorLines = this.database.command(
    async (tx: Transaction, kept: { position: number; lines: string[] }[]): Promise<void[]> => {
      await tx.each(
        'UPDATE notification_deliveries SET error_lines = ? WHERE position = ?',
        kept.map(({ position, lines }) => [JSON.stringify(lines), position]),
      );
      return kept.map(() => undefined);
    },
  );

  /**
   * Stores the results of tries, with the next commit of another write: they must not delay the runs. A delivery that was
   * given up during its try is not tried again.
   */
  readonly record = this.database.commandAlong(
    async (tx: Transaction, outcomes: Outcome[]): Promise<void[]> => {
      const nowMs = this.clock.steadyMs();
      const now = this.clock.now();
      await tx.each(
        'UPDATE notification_deliveries SET attempts = attempts + 1, waited_ms = waited_ms + ?, due_at_ms = ?,' +
          " tried_at = ?, answer = ?, state = CASE WHEN ? = 'pending' THEN state ELSE ? END," +
          " ended_at = CASE WHEN ? = 'pending' THEN ended_at ELSE ? END WHERE position = ?",
        outcomes.map(({ delivery, answer, decision }) => {
          const { state } = decision;
          const delayMs = state === 'pending' ? decision.delayMs : 0;
          const { position } = delivery;
          return [delayMs, nowMs + delayMs, now, JSON.stringify(answer), state, state, state, now, position];
        }),
      );
      for (const { delivery, answer, decision } of outcomes) {
        const isSuccess = decision.state === 'delivered';
        if (isSuccess) await this.wakeAfterOutage(tx, delivery.channelId, nowMs);
        await tx.query(
          'INSERT INTO notification_channels (channel_id, delivered_at, tried_at, answer, failures)' +
            ' VALUES (?, ?, ?, ?, ?) ON CONFLICT (channel_id) DO UPDATE SET' +
            ' delivered_at = COALESCE(excluded.delivered_at, notification_channels.delivered_at),' +
            ' tried_at = excluded.tried_at, answer = excluded.answer,' +
            ' failures = CASE excluded.failures WHEN 0 THEN 0 ELSE notification_channels.failures + 1 END',
          [delivery.channelId, isSuccess ? now : null, now, JSON.stringify(answer), isSuccess ? 0 : 1],
        );
      }
      return outcomes.map(() => undefined);
    },
  );

  /** Makes deliveries due that wait for a channel, because it works again. They wait for no more than a try each. */
  private async wakeAfterOutage(tx: Transaction, channelId: string, nowMs: number): Promise<void> {
    const [state] = await this.channels.select(tx, 'WHERE channel_id = ?', [channelId]);
    if (!state || state.failures < OUTAGE_FAILURES) return;
    await tx.query(
      'UPDATE notification_deliveries SET waited_ms = MAX(0, waited_ms - (due_at_ms - ?)), due_at_ms = ?' +
        " WHERE state = 'pending' AND channel_id = ? AND due_at_ms > ?",
      [nowMs, nowMs, channelId, nowMs],
    );
  }

  /** Makes a delivery due now, with all its tries. @returns whether it exists */
  readonly resend = this.database.command(async (tx: Transaction, ids: string[]): Promise<boolean[]> => {
    const found = await tx.each(
      "UPDATE notification_deliveries SET state = 'pending', attempts = 0, waited_ms = 0, due_at_ms = ?," +
        ' ended_at = NULL WHERE id = ?',
      ids.map((id) => [this.clock.steadyMs(), id]),
    );
    return found.map((count) => count === 1);
  });

  /** Brings due times near again that a clock that was set back has moved far away. */
  readonly limitDueTimes = this.database.command(
    async (tx: Transaction, latestMs: number[]): Promise<void[]> => {
      await tx.each(
        "UPDATE notification_deliveries SET due_at_ms = ? WHERE state = 'pending' AND due_at_ms > ?",
        latestMs.map((ms) => [ms, ms]),
      );
      return latestMs.map(() => undefined);
    },
  );

  /** Gives up the oldest waiting deliveries of a channel beyond the limit. @returns how many */
  readonly giveUpOldest = this.database.command(
    async (tx: Transaction, channelIds: string[]): Promise<number[]> => {
      const now = this.clock.now();
      const answer: Answer = { code: 'crowded-out' };
      const given: number[] = [];
      for (const channelId of channelIds) {
        const rows = await tx.query(
          "UPDATE notification_deliveries SET state = 'failed', answer = ?, ended_at = ? WHERE position IN" +
            " (SELECT position FROM notification_deliveries WHERE state = 'pending' AND channel_id = ?" +
            ' ORDER BY position DESC LIMIT ? OFFSET ?) RETURNING position',
          [JSON.stringify(answer), now, channelId, CHANGED_AT_ONCE, MAX_PENDING],
        );
        given.push(rows.length);
      }
      return given;
    },
  );

  /** Deletes some of the ended deliveries that are old or too many. @returns how many */
  readonly deleteEnded = this.database.command(
    async (tx: Transaction, before: Instant[]): Promise<number[]> => {
      const deleted: number[] = [];
      for (const endedBefore of before) {
        const rows = await tx.query(
          'DELETE FROM notification_deliveries WHERE position IN (SELECT position FROM (SELECT position, ended_at' +
            ' FROM notification_deliveries WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ? OFFSET ?) AS many' +
            ' UNION SELECT position FROM (SELECT position FROM notification_deliveries WHERE ended_at < ?' +
            ' ORDER BY ended_at LIMIT ?) AS old) RETURNING position',
          [CHANGED_AT_ONCE, MAX_ENDED, endedBefore, CHANGED_AT_ONCE],
        );
        deleted.push(rows.length);
      }
      return deleted;
    },
  );

  /** Returns the last tries of channels. */
  channelStates(): Promise<ChannelStateEntity[]> {
    return this.channels.select(this.database.read, '', []);
  }

  /** Deletes the states of channels that no longer exist. */
  readonly forgetChannels = this.database.commandAlong(
    async (tx: Transaction, kept: string[][]): Promise<void[]> => {
      for (const ids of kept) {
        await tx.query(`DELETE FROM notification_channels WHERE channel_id NOT IN ${inList(ids)}`, ids);
      }
      return kept.map(() => undefined);
    },
  );

  private newRow(delivery: NewDelivery, delayMs = 0): Omit<DeliveryEntity, 'position'> {
    return {
      id: v7(),
      ...delivery,
      errorLines: null,
      createdAt: this.clock.now(),
      state: 'pending',
      attempts: 0,
      waitedMs: 0,
      dueAtMs: this.clock.steadyMs() + delayMs,
      triedAt: null,
      answer: null,
      endedAt: null,
    };
  }
}
