import { Injectable, Logger } from '@nestjs/common';
import { v7 } from 'uuid';
import { Clock, elapsedMs } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { OutboxRelay } from '../events/outbox-relay';
import type { RunEvent } from '../events/run-event';
import { contentHash } from '../projects/content-hash';
import { type RememberedEvent, storedPayload } from './remembered-event';
import { isTerminal, type Run } from './run';
import { RunChanges } from './run-changes';
import type { Emission } from './run-state';
import { AppliedEventEntity, RunEntity } from './run.entity';

/** SQL condition: the run is unclaimed, and no request for it waits in the outbox. */
export const UNCLAIMED =
  "status = 'running' AND claimed_at IS NULL AND NOT EXISTS" +
  " (SELECT 1 FROM outbox WHERE outbox.run_id = runs.run_id AND outbox.event_type = 'run.requested')";

/** The columns of a run that may change. All others are fixed at creation. */
const MUTABLE: (keyof Run)[] = [
  'status',
  'statusReason',
  'attempt',
  'quota',
  'workerId',
  'claimedAt',
  'requestPublishedAt',
  'lastHeardAt',
  'senderClock',
  'leaseExpiresAt',
  'leaseToken',
  'leaseClaimId',
  'leaseUsedAt',
  'pastLeases',
  'claimBy',
  'cancelRequestedAt',
  'stopBy',
  'stopReport',
  'endedAt',
  'progress',
  'steps',
  'metrics',
  'error',
  'artifacts',
  'omitted',
  'revision',
];

/**
 * Shared parts of all writes to runs: the guarded update, the resulting events in outbox and inbox, and the
 * notifications.
 */
@Injectable()
export class RunRows {
  private readonly logger = new Logger('RunStore');
  private readonly runs: TableRows<RunEntity>;
  private readonly inbox: TableRows<AppliedEventEntity>;

  constructor(
    database: Database,
    private readonly clock: Clock,
    private readonly relay: OutboxRelay,
    private readonly changes: RunChanges,
  ) {
    this.runs = database.rows(RunEntity);
    this.inbox = database.rows(AppliedEventEntity);
  }

  /** Publishes and logs a committed change. Call it after the commit. */
  announce(run: Run, hasEmitted: boolean): void {
    if (hasEmitted) this.relay.kick();
    this.changes.announce(run);
    const { runId, projectId, status, statusReason } = run;
    if (run.revision === 1)
      this.logger.log({
        runId,
        projectId,
        msg: `Run started (trigger: ${run.triggeredBy}, scope: ${run.scope})`,
      });
    if (!isTerminal(run)) return;
    const why = statusReason === null ? '' : `, ${statusReason}`;
    this.logger.log({
      runId,
      projectId,
      msg: `Run ${status}${why} after ${elapsedMs(run.startedAt, run.endedAt!)} ms`,
    });
  }

  /** Notifies readers of a committed change that did not change the run itself. Call it after the commit. */
  wakeReaders(run: Run): void {
    this.relay.kick();
    this.changes.announce(run);
  }

  async load(tx: Transaction, of: { runId: string }[]): Promise<Map<string, Run>> {
    const runIds = [...new Set(of.map(({ runId }) => runId))];
    if (runIds.length === 0) return new Map();
    const rows = await this.runs.select(tx, `WHERE run_id IN ${inList(runIds)}`, runIds);
    return new Map(rows.map((run) => [run.runId, run]));
  }

  /**
   * Stores changed runs. Their rows were read in this transaction, and no other transaction writes at the same time.
   * The guard is a second safeguard: an ended run, or a newer revision, rolls back the whole write.
   */
  async storeChanged(tx: Transaction, runs: Run[]): Promise<void> {
    const updated = await this.runs.update(tx, runs, {
      key: 'runId',
      properties: MUTABLE,
      guard: "status = 'running' AND revision < ?",
      guardedBy: ['revision'],
    });
    if (updated !== runs.length) throw new Error('The run was changed concurrently.');
  }

  /** Adds the server's own events to the outbox and to the run's history. */
  async emit(tx: Transaction, emissions: { run: Run; emission: Emission }[]): Promise<void> {
    const occurredAt = this.clock.now();
    const events = emissions.map(({ run, emission }) => ({
      eventId: v7(), // v7 ids increase, so the inbox index grows at its end and not on a page for each event
      eventVersion: 1 as const,
      occurredAt,
      runId: run.runId,
      ...emission,
    }));
    await this.relay.put(tx, events);
    await this.inbox.insert(
      tx,
      events.map((event) => ({ ...inboxRow(event, occurredAt), origin: 'server' })),
    );
  }
}

/** Returns the inbox row of an event. For log lines it stores only their number, because the log has the text. */
export function inboxRow(event: RunEvent, appliedAt: string): Partial<AppliedEventEntity> & RememberedEvent {
  return {
    eventId: event.eventId,
    eventType: event.eventType,
    occurredAt: event.occurredAt,
    appliedAt,
    runId: event.runId,
    payload: JSON.stringify(storedPayload(event)),
    payloadHash: event.eventType === 'run.log' ? contentHash(event.payload) : null,
    outcome: 'applied',
    entryId: null,
    origin: 'worker',
    fromPhase: null,
    toPhase: null,
  };
}
