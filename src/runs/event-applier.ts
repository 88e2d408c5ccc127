import { Injectable } from '@nestjs/common';
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
import { RecentEvents } from './recent-events';
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
  /** Of a rejected one. */
  reason: string | null;
  /** The run after it, where it changed. */
  changed: Run | null;
  logChunks: LogChunk[];
  /** Something lies in the outbox because of it. */
  hasEmitted: boolean;
  /** Set where it had its effect and is not in the inbox. */
  unlisted: RememberedEvent | null;
}

interface InboxRow {
  row: Partial<AppliedEventEntity>;
  /** Index of the append by which its lines are stored; null for an event without lines. */
  append: number | null;
}

/** What a row of the inbox takes with its indexes, for an event that carries log lines. */
const INBOX_ROW_BYTES = 400;
const MAX_UNLISTED_EVENTS = 5000;
/** More than one batch that was being applied when the process ended. */
const RECENT_ENTRIES = 2000;

/**
 * Gives events their effect: once, in one transaction with the inbox, which remembers them, and with all that follows
 * from them. Whichever way they come, by the stream, by a call or from a worker of our own, they come through here.
 */
@Injectable()
export class EventApplier {
  private readonly inbox: TableRows<AppliedEventEntity>;
  /** What was applied lately and is not in the inbox: our own events come back to us by the stream. */
  private readonly unlisted = new RecentEvents(MAX_UNLISTED_EVENTS);

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

  /** Gives an event the effect that it has, once, however often it comes. */
  async apply(entry: StreamEntry, evidence: Evidence): Promise<AppliedEvent> {
    const stop = this.unrecordedStop(entry.fields);
    if (stop) await stop; // only then: what is written in one turn keeps its order
    return this.announceEffect(entry, await this.database.write(this.applyEvents, { entry, evidence }));
  }

  /**
   * What this process says of a run itself has its effect at once, and is told to the stream by the outbox: a stream
   * that can lose what it was told is no witness of how a run ended.
   */
  async applyAndPublish(event: RunEvent): Promise<void> {
    const stop = this.unrecordedStop(event);
    if (stop) await stop;
    const entry = { id: `own:${event.eventId}`, fields: { ...toStreamFields(event) }, deliveryCount: 1 };
    this.announceEffect(entry, await this.database.write(this.applyOwnEvents, { entry, event }));
    this.relay.kick();
  }

  /** Applied before the stop that it confirms, the worker would seem to have stopped on its own account. */
  private unrecordedStop({ eventType, runId }: { eventType?: string; runId?: string }): Promise<void> | null {
    return eventType === 'run.cancelled' && runId !== undefined
      ? this.stops.settled(runId.toLowerCase())
      : null;
  }

  private announceEffect(entry: StreamEntry, applied: AppliedEvent): AppliedEvent {
    if (applied.unlisted) this.unlisted.add(entry.fields.eventId!.toLowerCase(), applied.unlisted);
    if (applied.changed) this.rows.announce(applied.changed, applied.hasEmitted);
    // Whoever sent it may write the id in capitals; those who follow the log do not.
    if (applied.logChunks.length > 0) {
      this.tail.announce(entry.fields.runId!.toLowerCase(), applied.logChunks);
    }
    return applied;
  }

  /** The stream entries whose events were applied last: from the earliest of them on, some may not have been. */
  async recentEntryIds(): Promise<string[]> {
    const rows = await this.database.read.query<{ entry_id: string | null }>(
      'SELECT entry_id FROM applied_events ORDER BY position DESC LIMIT ?',
      [RECENT_ENTRIES],
    );
    return rows.flatMap(({ entry_id }) => entry_id ?? []);
  }

  async reject(entry: StreamEntry, reason: string): Promise<void> {
    await this.database.write(this.rejectEntries, { entry, reason });
  }

  private readonly applyOwnEvents = async (
    tx: Transaction,
    own: { entry: StreamEntry; event: RunEvent }[],
  ): Promise<AppliedEvent[]> => {
    const applied = await this.applyEvents(
      tx,
      own.map(({ entry }) => ({ entry, evidence: { origin: 'server' } })),
    );
    // A duplicate was published before, and a rejected event must not reach other readers.
    const isNews = ({ outcome }: AppliedEvent) => outcome !== 'duplicate' && outcome !== 'rejected';
    await this.relay.put(
      tx,
      own.flatMap(({ event }, index) => (isNews(applied[index]!) ? [event] : [])),
    );
    return applied;
  };

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
    // What we said ourselves comes back to us, and is in the inbox already.
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
        // Looked at again, it was rejected before, and may have been discarded by a person since.
        if (entry.deliveryCount === 0) return { outcome: 'duplicate', reason: null, ...noEffect() };
        const why = reason ?? (before ? reusedIdReason(before) : 'there is no run with this runId');
        rejected.push({ entryId: entry.id, reason: why, fields: entry.fields });
        return { outcome: 'rejected', reason: why, ...noEffect() };
      }
      const effect = effectOf(event, run, evidence, now);
      const isAboutLease = run.leaseToken !== null || showsLease(evidence);
      // Not recorded: a worker may send it again, under the same id and with the right token.
      if (effect.outcome === 'lease-lost' && evidence.origin === 'http' && isAboutLease) {
        return { outcome: 'lease-lost', reason: null, ...noEffect() };
      }
      if (effect.changed) {
        runs.set(run.runId, effect.changed);
        changed.set(run.runId, effect.changed);
        emissions.push(...effect.emits.map((emission) => ({ run: effect.changed!, emission })));
      }
      // Calls count even if the event changes nothing else: a lost worker issued them too, and so did a run that has ended.
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
      // Only a listed event has its payload stored whole, or its hash in the row already.
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
    // Lines that were not stored, because the log is full or has them, are not stored the next time either.
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

  private readonly rejectEntries = async (
    tx: Transaction,
    inputs: { entry: StreamEntry; reason: string }[],
  ): Promise<void[]> => {
    await this.rejectedEvents.put(
      tx,
      inputs.map(({ entry, reason }) => ({ entryId: entry.id, reason, fields: entry.fields })),
    );
    return inputs.map(() => undefined);
  };
}

/** All that has to be remembered of an event that counts once. */
function callsOf(event: RunEvent): object {
  if (event.eventType !== 'run.progress') return {};
  const { attempt, quotaUsed } = event.payload;
  return { attempt, quotaUsed };
}

function noEffect() {
  return { changed: null, logChunks: [], hasEmitted: false, unlisted: null };
}
