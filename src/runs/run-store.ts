import { Injectable, Logger } from '@nestjs/common';
import { v7 } from 'uuid';
import { Clock, elapsedMs, type Instant } from '../clock/clock';
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
import { effectOf } from './event-effect';
import { isTerminal, type Run } from './run';
import { RunChanges } from './run-changes';
import { type Emission, type Refusal, type RunCommand, requestOf, transition, within } from './run-state';
import { AppliedEventEntity, DefinitionEntity, IdempotencyKeyEntity, RunEntity } from './run.entity';

export interface NewRun {
  run: Run;
  /** JSON of the definition that `run.definitionHash` names. */
  definition: string;
  idempotency: { key: string; requestHash: string; answer: string } | null;
}

export type Created =
  | { outcome: 'created' }
  | { outcome: 'busy'; activeRunId: string }
  | { outcome: 'replayed'; answer: string }
  | { outcome: 'key-reused' };

export interface CommandRequest {
  runId: string;
  command: RunCommand;
}

export type Commanded = { applied: boolean; run: Run; refusal: Refusal | null; hasEmitted: boolean } | null;

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
}

/** More than one batch that was being applied when the process ended. */
const RECENT_ENTRIES = 2000;

/** Nobody has the run, and no request for it is on its way to the stream. */
export const UNCLAIMED =
  "status = 'running' AND claimed_at IS NULL AND NOT EXISTS" +
  " (SELECT 1 FROM outbox WHERE outbox.run_id = runs.run_id AND outbox.event_type = 'run.requested')";

/** What a run's row may change in; the rest is fixed when it is made. */
const MUTABLE: (keyof Run)[] = [
  'status',
  'statusReason',
  'attempt',
  'quota',
  'workerId',
  'claimedAt',
  'lastHeardAt',
  'leaseExpiresAt',
  'claimBy',
  'cancelRequestedAt',
  'stopBy',
  'endedAt',
  'progress',
  'steps',
  'metrics',
  'error',
  'artifacts',
  'revision',
];

/**
 * Every write to runs. Each is a guarded transition in one transaction with the event that caused it (the inbox)
 * and the events that follow from it (the outbox); who has to know is told after the commit.
 */
@Injectable()
export class RunStore {
  private readonly logger = new Logger(RunStore.name);
  private readonly runs: TableRows<RunEntity>;
  private readonly definitions: TableRows<DefinitionEntity>;
  private readonly keys: TableRows<IdempotencyKeyEntity>;
  private readonly inbox: TableRows<AppliedEventEntity>;
  private readonly storedDefinitions = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly relay: OutboxRelay,
    private readonly rejectedEvents: RejectedEvents,
    private readonly logs: LogStore,
    private readonly tail: LogTail,
    private readonly changes: RunChanges,
    private readonly quotas: Quotas,
    private readonly quotaUsage: QuotaUsage,
  ) {
    this.runs = database.rows(RunEntity);
    this.definitions = database.rows(DefinitionEntity);
    this.keys = database.rows(IdempotencyKeyEntity);
    this.inbox = database.rows(AppliedEventEntity);
  }

  /** Makes a run, unless its project has one running or its idempotency key was used before. */
  async create(newRun: NewRun): Promise<Created> {
    const created = await this.database.write(this.createRuns, newRun);
    if (created.outcome === 'created') {
      this.storedDefinitions.add(newRun.run.definitionHash);
      this.announce(newRun.run, true);
    }
    return created;
  }

  /** Changes a run as the state machine allows; null if there is no such run. */
  async command(runId: string, command: RunCommand): Promise<Commanded> {
    const commanded = await this.database.write(this.applyCommands, { runId, command });
    if (commanded?.applied) this.announce(commanded.run, commanded.hasEmitted);
    return commanded;
  }

  /** Gives an event the effect that it has, once, however often it comes. */
  async apply(entry: StreamEntry): Promise<AppliedEvent> {
    return this.announceEffect(entry, await this.database.write(this.applyEvents, entry));
  }

  /**
   * What this process says of a run itself has its effect at once, and is told to the stream by the outbox: a stream
   * that can lose what it was told is no witness of how a run ended.
   */
  async applyAndPublish(event: RunEvent): Promise<void> {
    const entry = { id: `own:${event.eventId}`, fields: { ...toStreamFields(event) }, deliveryCount: 1 };
    this.announceEffect(entry, await this.database.write(this.applyOwnEvents, { entry, event }));
    this.relay.kick();
  }

  private announceEffect(entry: StreamEntry, applied: AppliedEvent): AppliedEvent {
    if (applied.changed) this.announce(applied.changed, applied.hasEmitted);
    // Whoever sent it may write the id in capitals; those who follow the log do not.
    if (applied.logChunks.length > 0) {
      this.tail.announce(entry.fields.runId!.toLowerCase(), applied.logChunks);
    }
    return applied;
  }

  private announce(run: Run, hasEmitted: boolean): void {
    if (hasEmitted) this.relay.kick();
    this.changes.announce(run);
    const { runId, projectId, status, statusReason } = run;
    if (run.revision === 1)
      this.logger.log({ runId, projectId, msg: `Run started, ${run.triggeredBy}, ${run.scope}` });
    if (!isTerminal(run)) return;
    const why = statusReason === null ? '' : `, ${statusReason}`;
    this.logger.log({
      runId,
      projectId,
      msg: `Run ${status}${why} after ${elapsedMs(run.startedAt, run.endedAt!)} ms`,
    });
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

  /** Requests once more those of the runs that still nobody has, unless a request lies in the outbox. @returns how many */
  async requestAgain(runIds: string[]): Promise<number> {
    if (runIds.length === 0) return 0;
    const count = await this.database.write(this.requestRunsAgain, runIds);
    if (count > 0) this.relay.kick();
    return count;
  }

  private readonly createRuns = async (tx: Transaction, inputs: NewRun[]): Promise<Created[]> => {
    const answered = await this.answersByKey(tx, inputs);
    const accepted = new Map<string, NewRun>();
    for (const input of inputs) {
      const { projectId } = input.run;
      if (!answered.has(input) && !accepted.has(projectId)) accepted.set(projectId, input);
    }

    // The unique index has the only word, also against writers that this process knows nothing of.
    const inserted = new Set(
      await this.runs.insert(
        tx,
        [...accepted.values()].map(({ run }) => run),
        { onConflict: 'ignore' },
      ),
    );
    const created = [...accepted.values()].filter(({ run }) => inserted.has(run));
    await this.storeDefinitions(tx, created);
    await this.emit(
      tx,
      created.map(({ run }) => ({ run, emission: requestOf(run) })),
    );
    await this.keys.insert(
      tx,
      created.flatMap(({ run, idempotency }) =>
        idempotency
          ? [
              {
                idempotencyKey: idempotency.key,
                requestHash: idempotency.requestHash,
                runId: run.runId,
                answer: idempotency.answer,
                createdAt: run.startedAt,
              },
            ]
          : [],
      ),
    );

    const winners = new Map(created.map((input) => [input.run.projectId, input]));
    const busy = [...accepted.keys()].filter((projectId) => !winners.has(projectId));
    const active = await this.activeRuns(tx, busy);
    return inputs.map((input): Created => {
      const known = answered.get(input);
      if (known) return known;
      const winner = winners.get(input.run.projectId);
      if (winner === input) return { outcome: 'created' };
      // The same key twice in one batch: the second gets the first one's answer.
      if (winner?.idempotency && winner.idempotency.key === input.idempotency?.key) {
        return answerTo(input.idempotency, winner.idempotency);
      }
      return { outcome: 'busy', activeRunId: winner?.run.runId ?? active.get(input.run.projectId) ?? '' };
    });
  };

  private async answersByKey(tx: Transaction, inputs: NewRun[]): Promise<Map<NewRun, Created>> {
    const keys = inputs.flatMap(({ idempotency }) => idempotency?.key ?? []);
    if (keys.length === 0) return new Map();
    const known = new Map(
      (await this.keys.select(tx, `WHERE idempotency_key IN ${inList(keys)}`, keys)).map((row) => [
        row.idempotencyKey,
        row,
      ]),
    );
    return new Map(
      inputs.flatMap((input) => {
        const first = input.idempotency && known.get(input.idempotency.key);
        return first ? [[input, answerTo(input.idempotency!, first)]] : [];
      }),
    );
  }

  private async activeRuns(tx: Transaction, projectIds: string[]): Promise<Map<string, string>> {
    if (projectIds.length === 0) return new Map();
    const rows = await tx.query<{ project_id: string; run_id: string }>(
      `SELECT project_id, run_id FROM runs WHERE status = 'running' AND project_id IN ${inList(projectIds)}`,
      projectIds,
    );
    return new Map(rows.map(({ project_id, run_id }) => [project_id, run_id]));
  }

  private async storeDefinitions(tx: Transaction, newRuns: NewRun[]): Promise<void> {
    const missing = new Map(
      newRuns
        .filter(({ run }) => !this.storedDefinitions.has(run.definitionHash))
        .map(({ run, definition }) => [run.definitionHash, definition]),
    );
    await this.definitions.insert(
      tx,
      [...missing].map(([definitionHash, definition]) => ({ definitionHash, definition })),
      { onConflict: 'ignore' },
    );
  }

  private readonly applyCommands = async (
    tx: Transaction,
    requests: CommandRequest[],
  ): Promise<Commanded[]> => {
    const runs = await this.load(tx, requests);
    await this.renewBudgets(tx, requests, runs);
    const changed = new Map<string, Run>();
    const emissions: { run: Run; emission: Emission }[] = [];
    const now = this.clock.now();
    const results = requests.map(({ runId, command }): Commanded => {
      const run = runs.get(runId);
      if (!run) return null;
      const result = transition(run, command, now);
      if (!result.applied) return { applied: false, run, refusal: result.refusal, hasEmitted: false };
      runs.set(runId, result.run);
      changed.set(runId, result.run);
      emissions.push(...result.emits.map((emission) => ({ run: result.run, emission })));
      return { applied: true, run: result.run, refusal: null, hasEmitted: result.emits.length > 0 };
    });
    await this.storeChanged(tx, [...changed.values()]);
    await this.emit(tx, emissions);
    return results;
  };

  /** Whoever takes the run over may use what is left by now, not what was left for the one that was lost. */
  private async renewBudgets(
    tx: Transaction,
    requests: CommandRequest[],
    runs: Map<string, Run>,
  ): Promise<void> {
    const passedOn = requests.flatMap(({ runId, command }) => {
      const run = command.type === 'lose-worker' ? runs.get(runId) : undefined;
      return run?.quota ? [run] : [];
    });
    if (passedOn.length === 0) return;
    const statuses = await this.quotas.statuses([...new Set(passedOn.map(({ projectId }) => projectId))], tx);
    for (const run of passedOn) {
      const status = statuses.get(run.projectId);
      const quota = status
        ? { remaining: status.remaining, concurrencyLimit: status.concurrencyLimit }
        : null;
      runs.set(run.runId, { ...run, quota });
    }
  }

  private readonly applyOwnEvents = async (
    tx: Transaction,
    own: { entry: StreamEntry; event: RunEvent }[],
  ): Promise<AppliedEvent[]> => {
    const applied = await this.applyEvents(
      tx,
      own.map(({ entry }) => entry),
    );
    // What is said again was told before.
    await this.relay.put(
      tx,
      own.flatMap(({ event }, index) => (applied[index]!.outcome === 'duplicate' ? [] : [event])),
    );
    return applied;
  };

  private readonly applyEvents = async (tx: Transaction, entries: StreamEntry[]): Promise<AppliedEvent[]> => {
    const now = this.clock.now();
    const parsed = entries.map((entry) => ({ entry, ...parseEvent(entry.fields) }));
    const events = parsed.flatMap(({ event }) => event ?? []);
    const seen = await this.alreadyInInbox(tx, events);
    // What we said ourselves comes back to us, and is in the inbox already.
    const runs = await this.load(
      tx,
      events.filter(({ eventId }) => !seen.has(eventId)),
    );

    const changed = new Map<string, Run>();
    const emissions: { run: Run; emission: Emission }[] = [];
    const inbox: Partial<AppliedEventEntity>[] = [];
    const rejected: { entryId: string; reason: string; fields: Record<string, string> }[] = [];
    const logs: LogAppend[] = [];
    const calls: ReportedCalls[] = [];

    const results = parsed.map(({ entry, event, reason }): AppliedEvent => {
      if (event && seen.has(event.eventId)) return { outcome: 'duplicate', reason: null, ...noEffect() };
      const run = event && runs.get(event.runId);
      if (!event || !run) {
        // Looked at again, it was rejected before, and may have been discarded by a person since.
        if (entry.deliveryCount === 0) return { outcome: 'duplicate', reason: null, ...noEffect() };
        const why = reason ?? 'there is no run with this runId';
        rejected.push({ entryId: entry.id, reason: why, fields: entry.fields });
        return { outcome: 'rejected', reason: why, ...noEffect() };
      }
      seen.add(event.eventId);

      const effect = effectOf(event, run, now);
      if (effect.changed) {
        runs.set(run.runId, effect.changed);
        changed.set(run.runId, effect.changed);
        emissions.push(...effect.emits.map((emission) => ({ run: effect.changed!, emission })));
      }
      const callReport = callsIn(event);
      if (callReport)
        calls.push({ ...callerOf(event, run), at: within(run, event.occurredAt, now), report: callReport });
      if (effect.logLines) logs.push({ runId: run.runId, attempt: run.attempt, lines: effect.logLines });
      inbox.push({
        ...inboxRow(event, now),
        outcome: effect.outcome,
        effect: effect.inWords,
        entryId: entry.id,
      });
      return {
        outcome: effect.outcome,
        reason: null,
        changed: effect.changed,
        logChunks: [],
        hasEmitted: effect.emits.length > 0,
      };
    });

    await this.storeChanged(tx, [...changed.values()]);
    await this.emit(tx, emissions);
    await this.inbox.insert(tx, inbox);
    await this.quotaUsage.count(tx, calls, (at) => this.quotas.dayAt(at).day);
    await this.rejectedEvents.put(tx, rejected);
    await this.appendLogs(tx, logs, results, parsed);
    return results;
  };

  private async appendLogs(
    tx: Transaction,
    appends: LogAppend[],
    results: AppliedEvent[],
    parsed: { event?: RunEvent }[],
  ): Promise<void> {
    if (appends.length === 0) return;
    const appended = await this.logs.appendInTransaction(tx, appends);
    appends.forEach(({ runId }, index) => {
      const position = parsed.findIndex(
        ({ event }) => event?.runId === runId && event.eventType === 'run.log',
      );
      results[position]?.logChunks.push(...appended[index]!.chunks);
    });
  }

  private async load(tx: Transaction, of: { runId: string }[]): Promise<Map<string, Run>> {
    const runIds = [...new Set(of.map(({ runId }) => runId))];
    if (runIds.length === 0) return new Map();
    const rows = await this.runs.select(tx, `WHERE run_id IN ${inList(runIds)}`, runIds);
    return new Map(rows.map((run) => [run.runId, run]));
  }

  /**
   * The rows were read in this very transaction, which no other can write beside. The guard holds all the same: an
   * ended run, or one that is newer than ours, takes the whole write back.
   */
  private async storeChanged(tx: Transaction, runs: Run[]): Promise<void> {
    const updated = await this.runs.update(tx, runs, {
      key: 'runId',
      properties: MUTABLE,
      guard: "status = 'running' AND revision < ?",
      guardedBy: ['revision'],
    });
    if (updated !== runs.length) throw new Error('A run was changed by somebody else at the same time.');
  }

  /** What we say ourselves goes to the outbox, and into the run's history at once. */
  private async emit(tx: Transaction, emissions: { run: Run; emission: Emission }[]): Promise<void> {
    const occurredAt = this.clock.now();
    const events = emissions.map(({ run, emission }) => ({
      eventId: v7(), // rises, so that the inbox's index grows at its end and not on a page for each event
      eventVersion: 1 as const,
      occurredAt,
      runId: run.runId,
      ...emission,
    }));
    await this.relay.put(tx, events);
    await this.inbox.insert(
      tx,
      events.map((event) => ({ ...inboxRow(event, occurredAt), effect: 'made known to workers' })),
    );
  }

  private async alreadyInInbox(tx: Transaction, events: RunEvent[]): Promise<Set<string>> {
    if (events.length === 0) return new Set();
    const ids = events.map(({ eventId }) => eventId);
    const rows = await tx.query<{ event_id: string }>(
      `SELECT event_id FROM applied_events WHERE event_id IN ${inList(ids)}`,
      ids,
    );
    return new Set(rows.map(({ event_id }) => event_id));
  }

  /** Keys older than this are forgotten: the same key would start a new run. */
  async forgetIdempotencyKeys(before: Instant): Promise<void> {
    await this.database.write(this.deleteKeys, before);
  }

  private readonly deleteKeys = async (tx: Transaction, inputs: Instant[]): Promise<void[]> => {
    for (const before of inputs)
      await tx.query('DELETE FROM idempotency_keys WHERE created_at < ?', [before]);
    return inputs.map(() => undefined);
  };

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

  private readonly requestRunsAgain = async (tx: Transaction, inputs: string[][]): Promise<number[]> => {
    const asked = [...new Set(inputs.flat())];
    const runs = await this.runs.select(tx, `WHERE run_id IN ${inList(asked)} AND ${UNCLAIMED}`, asked);
    await this.emit(
      tx,
      runs.map((run) => ({ run, emission: requestOf(run) })),
    );
    const requested = new Set(runs.map(({ runId }) => runId));
    return inputs.map((runIds) => runIds.filter((runId) => requested.has(runId)).length);
  };
}

/** Calls count whatever else the event changes: also a lost worker's, or those of a run that has ended, were issued. */
function callerOf(event: RunEvent, { runId, projectId, attempt }: Run) {
  const said = 'attempt' in event.payload ? event.payload.attempt : undefined;
  return { runId, projectId, attempt: said ?? attempt };
}

function noEffect() {
  return { changed: null, logChunks: [], hasEmitted: false };
}

function answerTo(asked: { requestHash: string }, first: { requestHash: string; answer: string }): Created {
  return asked.requestHash === first.requestHash
    ? { outcome: 'replayed', answer: first.answer }
    : { outcome: 'key-reused' };
}

function inboxRow(event: RunEvent, appliedAt: string): Partial<AppliedEventEntity> {
  return {
    eventId: event.eventId,
    eventType: event.eventType,
    occurredAt: event.occurredAt,
    appliedAt,
    runId: event.runId,
    payload: JSON.stringify(
      event.eventType === 'run.log' ? { lines: event.payload.lines.length } : event.payload,
    ),
    outcome: 'applied',
    effect: null,
    entryId: null,
  };
}
