import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import type { StreamEntry } from '../events/event-stream';
import { OutboxRelay } from '../events/outbox-relay';
import { parseEvent } from '../events/parse-event';
import { RejectedEvents } from '../events/rejected-events';
import { type RunEvent, toStreamFields } from '../events/run-event';
import type { LogChunk } from '../logs/log-chunk';
import { type LogAppend, LogStore } from '../logs/log-store';
import { LogTail } from '../logs/log-tail';
import { callsIn } from '../quota/attempt-usage';
import { QuotaUsage, type ReportedCalls } from '../quota/quota-usage';
import { Quotas } from '../quota/quotas';
import { attemptOf, type Evidence, showsLease } from './event-authority';
import { EventCountRows } from './event-count-rows';
import { effectOf } from './event-effect';
import { isSameEvent, type RememberedEvent, rememberedByHash, reusedIdReason } from './remembered-event';
import type { Run } from './run';
import { inboxRow, RunRows } from './run-rows';
import type { Emission, Refusal } from './run-state';
import { timeOf, timesOf } from './sender-clock';
import { AppliedEventEntity } from './run.entity';
import { UnrecordedStops } from './unrecorded-stops';

export type EventOutcome = 'applied' | 'duplicate' | Refusal | 'rejected';
export interface AppliedEvent {
  outcome: EventOutcome;
  /** Set only for a rejected event. */
  reason: string | null;
  /** The run after the event; null if the event did not change it. */
  changed: Run | null;
  logChunks: LogChunk[];
  /** The event added rows to the outbox. */
  hasEmitted: boolean;
  /** Set if the event was applied but not stored in the inbox. */
  unlisted: RememberedEvent | null;
}

interface InboxRow {
  row: Partial<AppliedEventEntity>;
  /** Index of the append that stores the event's lines; null for an event without lines. */
  append: number | null;
}

/** Bytes that an inbox row of a log event takes, including its indexes. */
const INBOX_ROW_BYTES = 400;
const MAX_UNLISTED_EVENTS = 5000;
/** More than one batch, because a batch may have been in progress when the process ended. */
const RECENT_ENTRIES = 2000;

/**
 * Applies each event exactly once. One transaction covers the inbox row and all changes that follow from the event.
 * Events from the stream, from HTTP calls and from the embedded worker all take this path.
 */
@Injectable()
export class EventApplier {
  private readonly inbox: TableRows<AppliedEventEntity>;
  /**
   * Recently applied events that are not in the inbox. The server's own events return through the stream and must count
   * as duplicates.
   */
  private readonly unlisted = new LRUCache<string, RememberedEvent>({ max: MAX_UNLISTED_EVENTS });

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly rows: RunRows,
    private readonly relay: OutboxRelay,
    private readonly rejectedEvents: RejectedEvents,
    private readonly logs: LogStore,
    private readonly tail: LogTail,
    private readonly quotas: Quotas,
    private readonly quotaUsage: QuotaUsage,
    private readonly eventCounts: EventCountRows,
    private readonly stops: UnrecordedStops,
  ) {
    this.inbox = database.rows(AppliedEventEntity);
  }

  /** Applies an event. A repeated delivery has no further effect. */
  async apply(entry: StreamEntry, evidence: Evidence): Promise<AppliedEvent> {
    const stop = this.unrecordedStop(entry.fields);
    if (stop) await stop; // await only if needed: writes of the same turn keep their order
    return this.announceEffect(entry, await this.applyEvent({ entry, evidence }));
  }

  /**
   * Applies an event of this process at once and publishes it through the outbox. The stream can lose entries, so it
   * must not be the only record of how a run ended.
   */
  async applyAndPublish(event: RunEvent): Promise<void> {
    const stop = this.unrecordedStop(event);
    if (stop) await stop;
    const entry = { id: `own:${event.eventId}`, fields: { ...toStreamFields(event) }, deliveryCount: 1 };
    this.announceEffect(entry, await this.applyOwnEvent({ entry, event }));
    this.relay.kick();
  }

  /**
   * Returns a promise to await before `run.cancelled` is applied; null if no stop is pending. Without the wait the run
   * would end as `cancelled-by-worker`, because its stop is not recorded yet.
   */
  private unrecordedStop({ eventType, runId }: { eventType?: string; runId?: string }): Promise<void> | null {
    return eventType === 'run.cancelled' && runId !== undefined
      ? this.stops.settled(runId.toLowerCase())
      : null;
  }

  private announceEffect(entry: StreamEntry, applied: AppliedEvent): AppliedEvent {
    if (applied.unlisted) this.unlisted.set(entry.fields.eventId!.toLowerCase(), applied.unlisted);
    if (applied.changed) this.rows.announce(applied.changed, applied.hasEmitted);
    // A sender may write the run id in capitals; log readers use lower case.
    if (applied.logChunks.length > 0) {
      this.tail.announce(entry.fields.runId!.toLowerCase(), applied.logChunks);
    }
    return applied;
  }

  /**
   * Returns the stream entries whose events were applied last. Entries after the earliest of them may not have been
   * applied.
   */
  async recentEntryIds(): Promise<string[]> {
    const rows = await this.database.read.query<{ entry_id: string | null }>(
      'SELECT entry_id FROM applied_events ORDER BY position DESC LIMIT ?',
      [RECENT_ENTRIES],
    );
    return rows.flatMap(({ entry_id }) => entry_id ?? []);
  }

  async reject(entry: StreamEntry, reason: string): Promise<void> {
    await this.rejectEntry({ entry, reason });
  }

  private readonly applyOwnEvent = this.database.command(
    async (tx: Transaction, own: { entry: StreamEntry; event: RunEvent }[]): Promise<AppliedEvent[]> => {
      const applied = await this.applyEvents(
        tx,
        own.map(({ entry }) => ({ entry, evidence: { origin: 'server' } })),
      );
      // A duplicate was published before, and a rejected event must not reach other consumers.
      const isNews = ({ outcome }: AppliedEvent) => outcome !== 'duplicate' && outcome !== 'rejected';
      await this.relay.put(
        tx,
        own.flatMap(({ event }, index) => (isNews(applied[index]!) ? [event] : [])),
      );
      return applied;
    },
  );

  private readonly applyEvents = async (
    tx: Transaction,
    arrived: { entry: StreamEntry; evidence: Evidence }[],
  ): Promise<AppliedEvent[]> => {
    const now = this.clock.now();
    const parsed = arrived.map(({ entry, evidence }) => {
      const { event, reason } = parseEvent(entry.fields);
      return { entry, evidence, event, reason };
    });
    const events = parsed.flatMap(({ event }) => event ?? []);
    const inInbox = await this.alreadyInInbox(tx, events);
    const known = (eventId: string) => inInbox.get(eventId) ?? this.unlisted.get(eventId);
    // The server's own events return through the stream and are in the inbox already.
    const runs = await this.rows.load(
      tx,
      events.filter(({ eventId }) => !inInbox.has(eventId)),
    );

    const changed = new Map<string, Run>();
    const emissions: { run: Run; emission: Emission }[] = [];
    const inbox: InboxRow[] = [];
    const counts = await this.eventCounts.load(tx, [...runs.keys()]);
    const rejected: { entryId: string; reason: string; fields: Record<string, string> }[] = [];
    const logs: LogAppend[] = [];
    const calls: ReportedCalls[] = [];

    const results = parsed.map(({ entry, evidence, event, reason }): AppliedEvent => {
      const before = event && known(event.eventId);
      if (before && isSameEvent(event, before)) return { outcome: 'duplicate', reason: null, ...noEffect() };
      const run = event && runs.get(event.runId);
      if (!event || !run || before) {
        // A delivery count of 0 means a second look. The event was rejected before, and an operator may have discarded
        // it since.
        if (entry.deliveryCount === 0) return { outcome: 'duplicate', reason: null, ...noEffect() };
        const why = reason ?? (before ? reusedIdReason(before) : 'unknown runId');
        rejected.push({ entryId: entry.id, reason: why, fields: entry.fields });
        return { outcome: 'rejected', reason: why, ...noEffect() };
      }
      const effect = effectOf(event, run, evidence, now);
      const isAboutLease = run.leaseToken !== null || showsLease(evidence);
      // Not recorded, so that the worker can send it again with the same id and the right token.
      if (effect.outcome === 'lease-lost' && evidence.origin === 'http' && isAboutLease) {
        return { outcome: 'lease-lost', reason: null, ...noEffect() };
      }
      if (effect.changed) {
        runs.set(run.runId, effect.changed);
        changed.set(run.runId, effect.changed);
        emissions.push(...effect.emits.map((emission) => ({ run: effect.changed!, emission })));
      }
      // Calls count even if the event changes nothing else: lost workers and ended runs issued them too.
      const callReport = effect.isFromHolder ? callsIn(event) : null;
      if (callReport)
        calls.push({
          runId: run.runId,
          projectId: run.projectId,
          attempt: attemptOf(event, run),
          at: timeOf(effect.changed ?? run, event.occurredAt, now),
          report: callReport,
        });
      if (effect.logLines) {
        logs.push({
          runId: run.runId,
          attempt: run.attempt,
          lines: effect.logLines,
          rowBytes: INBOX_ROW_BYTES,
          timeOf: timesOf(run),
        });
      }
      const row = inboxRow(event, now);
      const listing = counts.list(event, effect, Buffer.byteLength(row.payload));
      // A listed event's row holds its whole payload or its hash. For any other event, keep only the hash.
      const remembered = listing === 'listed' ? row : rememberedByHash(event);
      inInbox.set(event.eventId, remembered);
      if (listing !== 'unlisted') {
        inbox.push({
          row: {
            ...row,
            ...(listing === 'recorded' && {
              payload: JSON.stringify(callsOf(event)),
              payloadHash: remembered.payloadHash,
            }),
            outcome: effect.outcome,
            fromPhase: effect.phaseChange?.from ?? null,
            toPhase: effect.phaseChange?.to ?? null,
            entryId: entry.id,
          },
          append: effect.logLines ? logs.length - 1 : null,
        });
      }
      return {
        outcome: effect.outcome,
        reason: null,
        changed: effect.changed,
        logChunks: [],
        hasEmitted: effect.emits.length > 0,
        unlisted: listing === 'unlisted' ? remembered : null,
      };
    });

    await this.rows.storeChanged(tx, [...changed.values()]);
    await this.rows.emit(tx, emissions);
    const appended = logs.length === 0 ? [] : await this.logs.appendInTransaction(tx, logs);
    // The log stored none of these lines, because it is full or has them already. A repetition would not store them
    // either, so the inbox need not remember the event.
    const kept = inbox.filter(({ append }) => append === null || appended[append]!.storedLines > 0);
    await this.inbox.insert(
      tx,
      kept.map(({ row }) => row),
    );
    await this.eventCounts.store(tx, counts);
    await this.quotaUsage.count(tx, calls, (at) => this.quotas.dayAt(at).day);
    await this.rejectedEvents.put(tx, rejected);
    logs.forEach(({ runId }, index) => {
      const position = parsed.findIndex(
        ({ event }) => event?.runId === runId && event.eventType === 'run.log',
      );
      results[position]?.logChunks.push(...appended[index]!.chunks);
    });
    return results;
  };
  private readonly applyEvent = this.database.command(this.applyEvents);

  private async alreadyInInbox(tx: Transaction, events: RunEvent[]): Promise<Map<string, RememberedEvent>> {
    if (events.length === 0) return new Map();
    const ids = events.map(({ eventId }) => eventId);
    const rows = await tx.query<RememberedEvent & { eventId: string }>(
      'SELECT event_id AS "eventId", event_type AS "eventType", run_id AS "runId", payload,' +
        ` payload_hash AS "payloadHash" FROM applied_events WHERE event_id IN ${inList(ids)}`,
      ids,
    );
    return new Map(rows.map((row) => [row.eventId, row]));
  }

  private readonly rejectEntry = this.database.command(
    async (tx: Transaction, inputs: { entry: StreamEntry; reason: string }[]): Promise<void[]> => {
      await this.rejectedEvents.put(
        tx,
        inputs.map(({ entry, reason }) => ({ entryId: entry.id, reason, fields: entry.fields })),
      );
      return inputs.map(() => undefined);
    },
  );
}

/** Returns the only fields of a recorded event that the inbox keeps: its attempt and its calls. */
function callsOf(event: RunEvent): object {
  if (event.eventType !== 'run.progress') return {};
  const { attempt, quotaUsed } = event.payload;
  return { attempt, quotaUsed };
}

function noEffect() {
  return { changed: null, logChunks: [], hasEmitted: false, unlisted: null };
}
