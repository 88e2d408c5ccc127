import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { Database } from '../database/database';
import type { StreamEntry } from '../events/event-stream';
import { OutboxRelay } from '../events/outbox-relay';
import { type RunEvent, toStreamFields } from '../events/run-event';
import { LogTail } from '../logs/log-tail';
import { RunChanges } from '../runs/run-changes';
import { RunsService } from '../runs/runs.service';
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
    private readonly runs: RunsService,
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
    const stop = this.stopToAwait(entry.fields);
    // An await lets later writes overtake this one, so await only if there is a stop.
    if (stop) await stop;
    return this.announce(entry, await this.applyEvent({ entry, evidence }));
  }

  /**
   * Applies an event that this server created, and publishes it through the outbox. Does not wait for the stream, which
   * can lose entries and must not be the only record of how a run ended.
   */
  async applyAndPublish(event: RunEvent): Promise<void> {
    const stop = this.stopToAwait(event);
    if (stop) await stop;
    const entry = { id: `own:${event.eventId}`, fields: { ...toStreamFields(event) }, deliveryCount: 1 };
    this.announce(entry, await this.applyOwnEvent({ entry, event }));
    this.relay.kick();
  }

  /** Keeps an event that cannot be applied, with the reason. */
  async reject(entry: StreamEntry, reason: string): Promise<void> {
    await this.rejectEvent({ entryId: entry.id, reason, fields: entry.fields });
  }

  /**
   * `run.cancelled` can arrive before the user's stop is recorded. Then the run would end as `cancelled-by-worker`.
   * Returns a promise that resolves when the stop is recorded; null if there is nothing to wait for.
   */
  private stopToAwait({ eventType, runId }: { eventType?: string; runId?: string }): Promise<void> | null {
    return eventType === 'run.cancelled' && runId !== undefined
      ? this.runs.stopRecorded(runId.toLowerCase())
      : null;
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
