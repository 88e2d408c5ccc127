import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { OutboxRelay } from '../events/outbox-relay';
import type { RunEventMap } from '../events/run-event';
import { Quotas } from '../quota/quotas';
import { isTerminal, type Run } from './run';
import { RunRows, UNCLAIMED } from './run-rows';
import { type Emission, phaseOf, type Refusal, requestOf, type RunCommand, transition } from './run-state';
import { DefinitionEntity, IdempotencyKeyEntity, RunEntity } from './run.entity';

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
  /** Called within the transaction, which may have waited. Returns whether the command is still valid. */
  isStillDue?: (run: Run) => boolean;
}

/** `waiting`: a request is already in the outbox. */
export interface AskedAgain {
  outcome: 'asked' | 'waiting' | 'claimed' | 'ended';
  run: Run;
}

export type Commanded = { applied: boolean; run: Run; refusal: Refusal | null; hasEmitted: boolean } | null;

/**
 * Creates runs and applies commands to them. One transaction holds each guarded change and its outbox events; listeners
 * are notified after the commit. Changes by events are in event-applier.ts.
 */
@Injectable()
export class RunStore {
  private readonly runs: TableRows<RunEntity>;
  private readonly definitions: TableRows<DefinitionEntity>;
  private readonly keys: TableRows<IdempotencyKeyEntity>;
  private readonly storedDefinitions = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly rows: RunRows,
    private readonly relay: OutboxRelay,
    private readonly quotas: Quotas,
  ) {
    this.runs = database.rows(RunEntity);
    this.definitions = database.rows(DefinitionEntity);
    this.keys = database.rows(IdempotencyKeyEntity);
  }

  /** Creates a run, unless its project has an active run or the idempotency key was used before. */
  async create(newRun: NewRun): Promise<Created> {
    const created = await this.insertRun(newRun);
    if (created.outcome === 'created') {
      this.storedDefinitions.add(newRun.run.definitionHash);
      this.rows.announce(newRun.run, true);
    }
    return created;
  }

  /** Applies a command as the state machine allows. Returns null if the run does not exist. */
  async command(
    runId: string,
    command: RunCommand,
    isStillDue?: CommandRequest['isStillDue'],
  ): Promise<Commanded> {
    const commanded = await this.applyCommand({ runId, command, isStillDue });
    if (commanded?.applied) this.rows.announce(commanded.run, commanded.hasEmitted);
    return commanded;
  }

  /** Renews the lease of a worker that called over HTTP. Returns null if the run does not exist. */
  heartbeat(runId: string, payload: RunEventMap['run.heartbeat']): Promise<Commanded> {
    return this.command(runId, { type: 'heartbeat', occurredAt: this.clock.now(), payload });
  }

  /**
   * Publishes a new request for each run that is still unclaimed and has no request in the outbox. @returns how many
   */
  async requestAgain(runIds: string[]): Promise<number> {
    if (runIds.length === 0) return 0;
    const count = await this.requestLostRuns(runIds);
    if (count > 0) this.relay.kick();
    return count;
  }

  /** Publishes a new request for a run that is unclaimed and has no request in the outbox. */
  async askAgain(runId: string, requestedBy: string): Promise<AskedAgain> {
    const asked = await this.askForRun({ runId, requestedBy });
    if (asked.outcome === 'asked') this.rows.wakeReaders(asked.run);
    return asked;
  }

  private readonly insertRun = this.database.command(
    async (tx: Transaction, inputs: NewRun[]): Promise<Created[]> => {
      const answered = await this.answersByKey(tx, inputs);
      const accepted = new Map<string, NewRun>();
      for (const input of inputs) {
        const { projectId } = input.run;
        if (!answered.has(input) && !accepted.has(projectId)) accepted.set(projectId, input);
      }

      // Only the unique index decides, because other processes may write too.
      const inserted = new Set(
        await this.runs.insert(
          tx,
          [...accepted.values()].map(({ run }) => run),
          { onConflict: 'ignore' },
        ),
      );
      const created = [...accepted.values()].filter(({ run }) => inserted.has(run));
      await this.storeDefinitions(tx, created);
      await this.rows.emit(
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
        // The same key occurs twice in one batch: the second request gets the first one's answer.
        if (winner?.idempotency && winner.idempotency.key === input.idempotency?.key) {
          return answerTo(input.idempotency, winner.idempotency);
        }
        return { outcome: 'busy', activeRunId: winner?.run.runId ?? active.get(input.run.projectId) ?? '' };
      });
    },
  );

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

  private readonly applyCommand = this.database.command(
    async (tx: Transaction, requests: CommandRequest[]): Promise<Commanded[]> => {
      const runs = await this.rows.load(tx, requests);
      await this.renewBudgets(tx, requests, runs);
      await this.notePublished(tx, requests, runs);
      const changed = new Map<string, Run>();
      const emissions: { run: Run; emission: Emission }[] = [];
      const now = this.clock.now();
      const results = requests.map(({ runId, command, isStillDue }): Commanded => {
        const run = runs.get(runId);
        if (!run) return null;
        if (isStillDue && !isStillDue(run)) {
          return { applied: false, run, refusal: 'no-effect', hasEmitted: false };
        }
        const result = transition(run, command, now);
        if (!result.applied) return { applied: false, run, refusal: result.refusal, hasEmitted: false };
        runs.set(runId, result.run);
        changed.set(runId, result.run);
        emissions.push(...result.emits.map((emission) => ({ run: result.run, emission })));
        return { applied: true, run: result.run, refusal: null, hasEmitted: result.emits.length > 0 };
      });
      await this.rows.storeChanged(tx, [...changed.values()]);
      await this.rows.emit(tx, emissions);
      return results;
    },
  );

  /**
   * Renews the quota budget of runs that lose their worker. The next attempt may use what is left now, not what was
   * left when the lost attempt began.
   */
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

  /**
   * Sets `requestPublishedAt` on runs whose request was just published. The relay stores that with a later write, and a
   * stop in between depends on it.
   */
  private async notePublished(
    tx: Transaction,
    requests: CommandRequest[],
    runs: Map<string, Run>,
  ): Promise<void> {
    const open = requests.flatMap(({ runId, command }) => {
      const run = command.type === 'request-stop' ? runs.get(runId) : undefined;
      const isOpen = run?.executor === 'external' && phaseOf(run) === 'waiting';
      return isOpen && run.requestPublishedAt === null ? [run] : [];
    });
    if (open.length === 0) return;
    const unpublished = await this.relay.unpublished(
      open.map(({ runId }) => runId),
      tx,
    );
    const requestPublishedAt = this.clock.now();
    for (const run of open)
      if (!unpublished.has(run.runId)) runs.set(run.runId, { ...run, requestPublishedAt });
  }

  /** Deletes older keys. A deleted key would start a new run. */
  async forgetIdempotencyKeys(before: Instant): Promise<void> {
    await this.deleteKeysBefore(before);
  }

  private readonly deleteKeysBefore = this.database.command(
    async (tx: Transaction, inputs: Instant[]): Promise<void[]> => {
      for (const before of inputs)
        await tx.query('DELETE FROM idempotency_keys WHERE created_at < ?', [before]);
      return inputs.map(() => undefined);
    },
  );

  private readonly askForRun = this.database.command(
    async (tx: Transaction, asks: { runId: string; requestedBy: string }[]): Promise<AskedAgain[]> => {
      const runs = await this.rows.load(tx, asks);
      const open = [...runs.values()].filter((run) => phaseOf(run) === 'waiting').map(({ runId }) => runId);
      const waiting = await this.inOutbox(tx, open);
      const emissions: { run: Run; emission: Emission }[] = [];
      const answers = asks.map(({ runId, requestedBy }): AskedAgain => {
        const run = runs.get(runId)!; // runs are never deleted
        if (isTerminal(run)) return { outcome: 'ended', run };
        if (phaseOf(run) !== 'waiting') return { outcome: 'claimed', run };
        if (waiting.has(runId)) return { outcome: 'waiting', run };
        waiting.add(runId);
        emissions.push({ run, emission: requestOf(run, requestedBy) });
        return { outcome: 'asked', run };
      });
      await this.rows.emit(tx, emissions);
      return answers;
    },
  );

  private async inOutbox(tx: Transaction, runIds: string[]): Promise<Set<string>> {
    if (runIds.length === 0) return new Set();
    const rows = await tx.query<{ run_id: string }>(
      `SELECT run_id FROM outbox WHERE event_type = 'run.requested' AND run_id IN ${inList(runIds)}`,
      runIds,
    );
    return new Set(rows.map(({ run_id }) => run_id));
  }

  private readonly requestLostRuns = this.database.command(
    async (tx: Transaction, inputs: string[][]): Promise<number[]> => {
      const asked = [...new Set(inputs.flat())];
      const runs = await this.runs.select(tx, `WHERE run_id IN ${inList(asked)} AND ${UNCLAIMED}`, asked);
      await this.rows.emit(
        tx,
        runs.map((run) => ({ run, emission: requestOf(run) })),
      );
      const requested = new Set(runs.map(({ runId }) => runId));
      return inputs.map((runIds) => runIds.filter((runId) => requested.has(runId)).length);
    },
  );
}

function answerTo(asked: { requestHash: string }, first: { requestHash: string; answer: string }): Created {
  return asked.requestHash === first.requestHash
    ? { outcome: 'replayed', answer: first.answer }
    : { outcome: 'key-reused' };
}
