import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../clock/clock';
import type { Transaction } from '../database/writer';
import { AppliedEventRepository, type StoredEvent } from '../events/applied-event.repository';
import type { AppliedEventEntity } from '../events/event.entities';
import type { StreamEntry } from '../events/event-stream';
import { parseEvent } from '../events/parse-event';
import type { NewRejectedEvent } from '../events/rejected-events';
import type { LogLineInput, RunEvent } from '../events/run-event';
import { type ServerEvent, ServerEvents } from '../events/server-events';
import type { LogChunk } from '../logs/log-chunk';
import type { LogAppend, LogAppended } from '../logs/log-store';
import { callsIn } from '../quota/attempt-usage';
import type { ReportedCalls } from '../quota/quota-usage.repository';
import type { RunResult } from '../results/run-result';
import type { Run } from '../runs/run';
import { RunRepository } from '../runs/run.repository';
import type { Refusal } from '../runs/run-state';
import { timeOf, timesOf } from '../runs/sender-clock';
import { BatchRecords } from './batch-records';
import { attemptOf, type Evidence, showsLease } from './event-authority';
import type { BatchCounts } from './batch-counts';
import { EventCountRepository } from './event-count.repository';
import { effectOf } from './event-effect';
import { inboxRow, isSameEvent, rememberedByHash, reusedIdReason } from './same-event';

/** `run-deleted`: a late event of a deleted run, which is dropped. */
export type EventOutcome = 'applied' | 'duplicate' | Refusal | 'rejected' | 'run-deleted';

export interface AppliedEvent {
  outcome: EventOutcome;
  /** Set only for a rejected event. */
  reason: string | null;
  /** The run after the event; null if the event did not change it. */
  changed: Run | null;
  logChunks: LogChunk[];
  /** The lines of the event, if they were accepted. */
  log: AcceptedLog | null;
  /** The event added rows to the outbox. */
  hasEmitted: boolean;
  /** Set if the event was applied but has no row in the inbox. */
  notInInbox: StoredEvent | null;
}

interface AcceptedLog {
  attempt: number;
  lines: LogLineInput[];
  /** Index of the append. */
  append: number;
  /** The last line of the run's log after the append. */
  lastSeq: number;
}

interface ArrivedEvent {
  entry: StreamEntry;
  evidence: Evidence;
  /** What became of the file that the event offers as a result; null if it offers none. */
  result: RunResult | null;
}

type ParsedEvent = ArrivedEvent & ReturnType<typeof parseEvent>;

interface InboxRow {
  row: Partial<AppliedEventEntity>;
  /** Index of the append that stores the event's lines; null for an event without lines. */
  append: number | null;
}

/** Bytes that an inbox row of a log event takes, including its indexes. */
const INBOX_ROW_BYTES = 400;
const MAX_UNLISTED_EVENTS = 5000;

/**
 * Applies a batch of events in the caller's transaction: the inbox rows and all changes that follow from the events.
 * It changes nothing in memory that matters, because a transaction may be rolled back and run again.
 */
@Injectable()
export class EventBatches {
  /**
   * Recently applied events that are not in the inbox. The server's own events return through the stream and must count
   * as duplicates.
   */
  private readonly unlisted = new LRUCache<string, StoredEvent>({ max: MAX_UNLISTED_EVENTS });

  constructor(
    private readonly clock: Clock,
    private readonly runs: RunRepository,
    private readonly inbox: AppliedEventRepository,
    private readonly counts: EventCountRepository,
    private readonly serverEvents: ServerEvents,
    private readonly records: BatchRecords,
  ) {}

  /** Remembers an applied event that has no row in the inbox. Call it after the commit. */
  remember({ fields }: StreamEntry, event: StoredEvent): void {
    this.unlisted.set(fields.eventId!.toLowerCase(), event);
  }

  readonly apply = async (tx: Transaction, arrived: ArrivedEvent[]): Promise<AppliedEvent[]> => {
    const parsed = arrived.map((one): ParsedEvent => ({ ...one, ...parseEvent(one.entry.fields) }));
    const batch = await this.begin(tx, parsed);
    const results = parsed.map((one) => batch.take(one));
    const appended = await this.store(tx, batch);
    batch.logs.forEach(({ runId }, index) => {
      const position = parsed.findIndex(
        ({ event }) => event?.runId === runId && event.eventType === 'run.log',
      );
      results[position]?.logChunks.push(...appended[index]!.chunks);
    });
    for (const { log } of results) if (log) log.lastSeq = appended[log.append]!.lastSeq;
    return results;
  };

  /** Applies events of this process, and publishes them in the same transaction. */
  readonly applyAndPublish = async (
    tx: Transaction,
    own: { entry: StreamEntry; event: RunEvent; result: RunResult | null }[],
  ): Promise<AppliedEvent[]> => {
    const applied = await this.apply(
      tx,
      own.map(({ entry, result }) => ({ entry, evidence: { via: 'server' }, result })),
    );
    // A duplicate was published before, and a rejected event must not reach other consumers.
    const isNews = ({ outcome }: AppliedEvent) => outcome !== 'duplicate' && outcome !== 'rejected';
    await this.serverEvents.publish(
      tx,
      own.flatMap(({ event }, index) => (isNews(applied[index]!) ? [event] : [])),
    );
    return applied;
  };

  readonly reject = async (tx: Transaction, events: NewRejectedEvent[]): Promise<void[]> => {
    await this.records.reject(tx, events);
    return events.map(() => undefined);
  };

  private async begin(tx: Transaction, parsed: ParsedEvent[]): Promise<Batch> {
    const events = parsed.flatMap(({ event }) => event ?? []);
    const inInbox = await this.inbox.known(
      tx,
      events.map(({ eventId }) => eventId),
    );
    // The server's own events return through the stream and are in the inbox already.
    const fresh = events.filter(({ eventId }) => !inInbox.has(eventId));
    const runs = await this.runs.load(tx, fresh);
    const counts = await this.counts.load(tx, [...runs.keys()]);
    const unknown = fresh.flatMap(({ runId }) => (runs.has(runId) ? [] : runId));
    const deleted = await this.records.deletedAmong(tx, unknown);
    return new Batch(this.clock.now(), { runs, deleted }, counts, inInbox, this.unlisted);
  }

  private async store(tx: Transaction, batch: Batch): Promise<LogAppended[]> {
    await this.runs.storeChanged(tx, [...batch.changed.values()]);
    await this.serverEvents.put(tx, batch.emitted);
    const appended = await this.records.appendLogs(tx, batch.logs);
    // The log stored none of these lines, because it is full or has them already. A repetition would not store them
    // either, so the inbox need not remember the event.
    const kept = batch.inbox.filter(({ append }) => append === null || appended[append]!.storedLines > 0);
    await this.inbox.insert(
      tx,
      kept.map(({ row }) => row),
    );
    await this.counts.store(tx, batch.counts);
    await this.runs.addCalls(tx, await this.records.countCalls(tx, batch.calls));
    await this.records.reject(tx, batch.rejected);
    return appended;
  }
}

/** The events of one transaction: decides the effect of each, and collects what has to be stored. */
class Batch {
  readonly changed = new Map<string, Run>();
  readonly emitted: ServerEvent[] = [];
  readonly inbox: InboxRow[] = [];
  readonly rejected: NewRejectedEvent[] = [];
  readonly logs: LogAppend[] = [];
  readonly calls: ReportedCalls[] = [];

  constructor(
    private readonly now: string,
    private readonly known: { runs: Map<string, Run>; deleted: ReadonlySet<string> },
    readonly counts: BatchCounts,
    private readonly inInbox: Map<string, StoredEvent>,
    private readonly unlisted: LRUCache<string, StoredEvent>,
  ) {}

  take({ entry, evidence, result, event, reason }: ParsedEvent): AppliedEvent {
    const before = event && (this.inInbox.get(event.eventId) ?? this.unlisted.get(event.eventId));
    if (before && isSameEvent(event, before)) return without('duplicate');
    const run = event && this.known.runs.get(event.runId);
    if (event && run && !before) return this.applyTo(run, event, { entry, evidence, result });
    if (event && this.known.deleted.has(event.runId)) return without('run-deleted');
    // A delivery count of 0 means a second look. The event was rejected before, and an operator may have discarded it
    // since.
    if (entry.deliveryCount === 0) return without('duplicate');
    const why = reason ?? (before ? reusedIdReason(before) : 'unknown runId');
    this.rejected.push({ entryId: entry.id, reason: why, fields: entry.fields });
    return without('rejected', why);
  }

  private applyTo(run: Run, event: RunEvent, { entry, evidence, result }: ArrivedEvent): AppliedEvent {
    const effect = effectOf(event, run, evidence, this.now, result);
    const isAboutLease = run.leaseToken !== null || showsLease(evidence);
    // Not recorded, so that the worker can send it again with the same id and the right token.
    if (effect.outcome === 'lease-lost' && evidence.via === 'http' && isAboutLease) {
      return without('lease-lost');
    }
    if (effect.changed) {
      this.known.runs.set(run.runId, effect.changed);
      this.changed.set(run.runId, effect.changed);
      this.emitted.push(...effect.emits.map((emission) => ({ runId: run.runId, ...emission })));
    }
    // Calls count even if the event changes nothing else: lost workers and ended runs issued them too.
    const report = effect.isFromHolder ? callsIn(event) : null;
    if (report) {
      const at = timeOf(effect.changed ?? run, event.occurredAt, this.now);
      const { runId, projectId } = run;
      this.calls.push({ runId, projectId, attempt: attemptOf(event, run), at, report });
    }
    if (effect.logLines) {
      this.logs.push({
        runId: run.runId,
        attempt: run.attempt,
        lines: effect.logLines,
        rowBytes: INBOX_ROW_BYTES,
        timeOf: timesOf(run),
      });
    }
    const row = inboxRow(event, this.now);
    const listing = this.counts.list(event, effect, Buffer.byteLength(row.payload));
    // A listed event's row holds its whole payload or its hash. For any other event, keep only the hash.
    const remembered = listing === 'listed' ? row : rememberedByHash(event);
    this.inInbox.set(event.eventId, remembered);
    if (listing !== 'unlisted') {
      this.inbox.push({
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
        append: effect.logLines ? this.logs.length - 1 : null,
      });
    }
    return {
      outcome: effect.outcome,
      reason: null,
      changed: effect.changed,
      logChunks: [],
      log: effect.logLines && {
        attempt: run.attempt,
        lines: effect.logLines,
        append: this.logs.length - 1,
        lastSeq: 0,
      },
      hasEmitted: effect.emits.length > 0,
      notInInbox: listing === 'unlisted' ? remembered : null,
    };
  }
}

/** Returns the only fields of a recorded event that the inbox keeps: its attempt and its calls. */
function callsOf(event: RunEvent): object {
  if (event.eventType !== 'run.progress') return {};
  const { attempt, quotaUsed } = event.payload;
  return { attempt, quotaUsed };
}

/** The result of an event without any effect. */
function without(outcome: EventOutcome, reason: string | null = null): AppliedEvent {
  return { outcome, reason, changed: null, logChunks: [], log: null, hasEmitted: false, notInInbox: null };
}
