import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { Database } from '../database/database';
import type { StreamEntry } from '../events/event-stream';
import { OutboxRelay } from '../events/outbox-relay';
import { type RunEvent, toStreamFields } from '../events/run-event';
import { LogTail } from '../logs/log-tail';
import type { RunResult } from '../results/run-result';
import { RunChanges } from '../runs/run-changes';
import { EndPreparation, type PreparedEnd } from './end-preparation';
import type { Evidence } from './event-authority';
import { type AppliedEvent, EventBatches } from './event-batches';

/**
 * Applies each event exactly once, and announces its effect after the commit. Events from the stream, from HTTP calls
 * and from the embedded worker all take this path.
 */
@Injectable()
export class EventApplier {
  constructor(
    private readonly database: Database,
    private readonly batches: EventBatches,
    private readonly relay: OutboxRelay,
    private readonly tail: LogTail,
    private readonly ends: EndPreparation,
    private readonly changes: RunChanges,
  ) {}

  @InjectMetric('jobato_events_of_deleted_runs_total') private readonly lateEvents!: Counter;

  private readonly applyEvent = this.database.command(this.batches.apply);
  private readonly applyOwnEvent = this.database.command(this.batches.applyAndPublish);
  private readonly rejectEvent = this.database.command(this.batches.reject);

  /**
   * Applies an event. A repeated delivery has no further effect.
   * @param evidence shows whether the sender may report for the run
   */
  async apply(entry: StreamEntry, evidence: Evidence): Promise<AppliedEvent> {
    const preparing = this.ends.prepare(entry.fields, evidence);
    const apply = (result: RunResult | null) => this.applyEvent({ entry, evidence, result });
    return this.announce(entry, await (preparing === null ? apply(null) : this.applyEnd(preparing, apply)));
  }

  /**
   * Returns whether an event has to wait for something else than the database, such as the copy of a large result. Other
   * events need not wait for it.
   */
  mustPrepare({ fields }: StreamEntry): boolean {
    return fields.eventType === 'run.completed' && this.ends.mayOffer(fields);
  }

  /** Whether the end of a run is known, and waits only for this server. */
  isPreparingEnd(runId: string): boolean {
    return this.ends.isPreparing(runId);
  }

  /** Aborts what events still wait for after this time. */
  finishPreparations(withinMs: number): Promise<void> {
    return this.ends.finish(withinMs);
  }

  /**
   * Applies an event that this server created, and publishes it through the outbox. Does not wait for the stream, which
   * can lose entries and must not be the only record of how a run ended.
   */
  async applyAndPublish(event: RunEvent): Promise<void> {
    const entry = { id: `own:${event.eventId}`, fields: { ...toStreamFields(event) }, deliveryCount: 1 };
    const preparing = this.ends.prepare(entry.fields, { via: 'server' });
    const apply = (result: RunResult | null) => this.applyOwnEvent({ entry, event, result });
    this.announce(entry, await (preparing === null ? apply(null) : this.applyEnd(preparing, apply)));
    this.relay.kick();
  }

  private async applyEnd(
    preparing: Promise<PreparedEnd>,
    apply: (result: RunResult | null) => Promise<AppliedEvent>,
  ): Promise<AppliedEvent> {
    const prepared = await preparing;
    const { result } = prepared;
    let isUsed = false;
    try {
      const applied = await apply(result);
      isUsed = applied.changed?.result === result;
      return applied;
    } finally {
      prepared.decided(isUsed);
    }
  }

  /** Keeps an event that cannot be applied, with the reason. */
  async reject(entry: StreamEntry, reason: string): Promise<void> {
    await this.rejectEvent({ entryId: entry.id, reason, fields: entry.fields });
  }

  private announce(entry: StreamEntry, applied: AppliedEvent): AppliedEvent {
    if (applied.outcome === 'run-deleted') this.lateEvents.inc();
    if (applied.notInInbox) this.batches.remember(entry, applied.notInInbox);
    if (applied.changed) this.changes.announce(applied.changed, applied.hasEmitted);
    // A sender may write the run id in capitals; log readers use lower case.
    const { logChunks, log } = applied;
    if (log || logChunks.length > 0) {
      const runId = entry.fields.runId!.toLowerCase();
      this.tail.announce(runId, logChunks);
      if (log) this.tail.openLines.take(runId, log.attempt, log.lines, log.lastSeq);
    }
    return applied;
  }
}
