import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { Clock, elapsedMs, type Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type RowReader, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import type { StepOutputs } from '../events/run-event';
import { JobatoError } from '../http/problem-catalogue';
import type { ProjectDefinition } from '../projects/project';
import { storedDefinition } from '../projects/stored-definition';
import { outputsOf } from './earlier-outputs';
import type { FinishedRun } from './reporting-habits';
import type { Run } from './run';
import { DefinitionEntity, RunEntity } from './run.entity';
import { RunHooks } from './run-hooks';
import { RunNumberRepository } from './run-number.repository';
import { deleteSecretsOfEnded } from './run-secret.repository';
import { rangeOf, type StartRange, widened } from './start-range';

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

type AttemptState = Pick<Run, 'status' | 'attempt' | 'cancelRequestedAt' | 'startedAt' | 'senderClock'>;

/** The run that keeps its project busy. */
export type ActiveRun = Pick<Run, 'runId' | 'number'>;

/** The fields of an active run that its deadlines depend on. */
export type RunWithDeadlines = Pick<
  Run,
  | 'runId'
  | 'attempt'
  | 'workerId'
  | 'claimedAt'
  | 'lastHeardAt'
  | 'leaseExpiresAt'
  | 'leaseToken'
  | 'leaseUsedAt'
  | 'startedAt'
  | 'claimTimeoutSeconds'
  | 'claimBy'
  | 'finishBy'
  | 'stopGraceSeconds'
  | 'stopBy'
>;

/** SQL condition: the run is unclaimed, and no request for it waits in the outbox. */
const UNREQUESTED =
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
  'cancelRequestedBy',
  'stopBy',
  'stopReports',
  'endedAt',
  'progress',
  'steps',
  'metrics',
  'outputs',
  'error',
  'artifacts',
  'zeroResults',
  'omitted',
  'result',
  'revision',
];

const RUN_NUMBER = /^[1-9]\d{0,14}$/;

/** Outputs are looked for in this many runs of the project. */
const MAX_RUNS_FOR_OUTPUTS = 200;
const RUNS_AT_ONCE = 20;

/** An unclaimed run without a request in the outbox. */
export interface UnrequestedRun {
  runId: string;
  executor: Run['executor'];
  /** The stream entry of its request; null if that is not recorded. */
  entryId: string | null;
}

/**
 * The tables of runs and of their definitions. Methods with a `tx` are a part of that transaction.
 */
@Injectable()
export class RunRepository {
  private readonly runs: TableRows<RunEntity>;
  private readonly definitions: TableRows<DefinitionEntity>;
  private readonly attemptStates: RowReader<AttemptState>;
  private readonly storedDefinitions = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly numbers: RunNumberRepository,
    private readonly hooks: RunHooks,
  ) {
    this.runs = database.rows(RunEntity);
    this.definitions = database.rows(DefinitionEntity);
    this.attemptStates = this.runs.only([
      'status',
      'attempt',
      'cancelRequestedAt',
      'startedAt',
      'senderClock',
    ]);
  }

  async find(runId: string): Promise<Run | null> {
    if (!isUuid(runId)) return null;
    const [run] = await this.select('WHERE run_id = ?', [runId.toLowerCase()]);
    return run ?? null;
  }

  /**
   * @param ref the id of the run or, with a project, its number
   * @throws JobatoError RUN_NOT_FOUND, also if the run belongs to another project
   */
  async get(ref: string, projectId?: string): Promise<Run> {
    const isNumber = projectId !== undefined && RUN_NUMBER.test(ref);
    const run = isNumber ? await this.findByNumber(projectId, Number(ref)) : await this.find(ref);
    if (!run || (projectId !== undefined && run.projectId !== projectId)) {
      const which = isNumber ? `#${ref}` : ref.slice(0, 100);
      const where = projectId === undefined ? '' : ` in project "${projectId.slice(0, 100)}"`;
      throw new JobatoError('RUN_NOT_FOUND', `Run ${which} does not exist${where}.`);
    }
    return run;
  }

  /** Returns the number of a run within its project; null if the run does not exist. */
  async numberOf(runId: string): Promise<number | null> {
    const [row] = await this.database.read.query<{ number: number }>(
      'SELECT number FROM runs WHERE run_id = ?',
      [runId],
    );
    return row?.number ?? null;
  }

  private async findByNumber(projectId: string, number: number): Promise<Run | null> {
    const [run] = await this.select('WHERE project_id = ? AND number = ?', [projectId, number]);
    return run ?? null;
  }

  /** Returns the numbers of runs by run id. */
  async numbersOf(runIds: string[]): Promise<Map<string, number>> {
    if (runIds.length === 0) return new Map();
    const rows = await this.database.read.query<{ run_id: string; number: number }>(
      `SELECT run_id, number FROM runs WHERE run_id IN ${inList(runIds)}`,
      runIds,
    );
    return new Map(rows.map(({ run_id, number }) => [run_id, number]));
  }

  /** Returns the active run, or the latest run if none is active. */
  async current(projectId: string): Promise<Run | null> {
    const active = await this.active(projectId);
    if (active) return active;
    const newest = 'SELECT run_id FROM runs WHERE project_id = ? ORDER BY run_id DESC LIMIT 1';
    const [latest] = await this.select(`WHERE run_id = (${newest})`, [projectId]);
    return latest ?? null;
  }

  /** @throws JobatoError RUN_NOT_FOUND */
  async getCurrent(projectId: string): Promise<Run> {
    const run = await this.current(projectId);
    if (!run) throw new JobatoError('RUN_NOT_FOUND', `Project "${projectId}" has no runs yet.`);
    return run;
  }

  async active(projectId: string): Promise<Run | null> {
    const [run] = await this.select("WHERE project_id = ? AND status = 'running'", [projectId]);
    return run ?? null;
  }

  async allActive(): Promise<Run[]> {
    return this.select("WHERE status = 'running' ORDER BY run_id DESC", []);
  }

  async latestEnded(projectId?: string): Promise<Run | null> {
    if (projectId !== undefined) {
      // A project has one active run at a time, so the last to start is the last to end.
      const [run] = await this.select(
        "WHERE project_id = ? AND status <> 'running' ORDER BY run_id DESC LIMIT 1",
        [projectId],
      );
      return run ?? null;
    }
    const [run] = await this.select('WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1', []);
    if (!run || run.endedAt! <= this.clock.now()) return run ?? null;
    // The clock was set back since this run ended. Until it catches up, end times give no order. The order of starts is
    // the closest substitute.
    const [newest] = await this.select("WHERE status <> 'running' ORDER BY run_id DESC LIMIT 1", []);
    return newest!;
  }

  /** Returns the active run that this claim received. */
  async claimedBy(claimId: string): Promise<Run | null> {
    const [run] = await this.select("WHERE lease_claim_id = ? AND status = 'running'", [claimId]);
    return run ?? null;
  }

  /** Returns the active runs that a worker holds, with the time of the worker's last report. */
  heldRuns(): Promise<{ workerId: string; runId: string; lastHeardAt: Instant | null }[]> {
    return this.database.read.query(
      'SELECT worker_id AS "workerId", run_id AS "runId", last_heard_at AS "lastHeardAt" FROM runs' +
        " WHERE status = 'running' AND worker_id IS NOT NULL",
    );
  }

  async heldBy(workerId: string): Promise<Run[]> {
    return this.select("WHERE status = 'running' AND worker_id = ?", [workerId]);
  }

  /** Returns unclaimed runs, oldest first. Each project has at most one. */
  async unclaimed(executors: Run['executor'][]): Promise<Pick<Run, 'runId' | 'projectId' | 'executor'>[]> {
    const rows = await this.database.read.query<{ run_id: string; project_id: string; executor: string }>(
      "SELECT run_id, project_id, executor FROM runs WHERE status = 'running' AND claimed_at IS NULL" +
        ` AND executor IN ${inList(executors)} ORDER BY run_id`,
      executors,
    );
    return rows.map(({ run_id: runId, project_id: projectId, executor }) => ({
      runId,
      projectId,
      executor: executor as Run['executor'],
    }));
  }

  /** Returns the number of unclaimed runs and the waiting time of the oldest, in seconds. */
  async unclaimedBacklog(): Promise<{ runs: number; oldestSeconds: number }> {
    const [row] = await this.database.read.query<{ runs: number; oldest: Instant | null }>(
      "SELECT COUNT(*) AS runs, MIN(started_at) AS oldest FROM runs WHERE status = 'running' AND claimed_at IS NULL",
    );
    const oldest = row?.oldest ?? null;
    return {
      runs: Number(row?.runs ?? 0),
      oldestSeconds: oldest === null ? 0 : elapsedMs(oldest, this.clock.now()) / 1000,
    };
  }

  /** Returns all active runs with only the fields that deadlines need. Called about once a second. */
  async allWithDeadlines(): Promise<RunWithDeadlines[]> {
    return this.database.read.query<RunWithDeadlines>(
      'SELECT run_id AS "runId", attempt, worker_id AS "workerId", claimed_at AS "claimedAt",' +
        ' last_heard_at AS "lastHeardAt", lease_expires_at AS "leaseExpiresAt", lease_token AS "leaseToken",' +
        ' lease_used_at AS "leaseUsedAt", started_at AS "startedAt",' +
        ' claim_timeout_seconds AS "claimTimeoutSeconds", claim_by AS "claimBy", finish_by AS "finishBy",' +
        ` stop_grace_seconds AS "stopGraceSeconds", stop_by AS "stopBy" FROM runs WHERE status = 'running'`,
      [],
    );
  }

  /**
   * Returns the fields that decide whether an attempt is current; null if the run does not exist. Called for each batch
   * of log lines.
   */
  async attemptState(runId: string): Promise<AttemptState | null> {
    const [state] = await this.attemptStates.select(this.database.read, 'WHERE run_id = ?', [runId]);
    return state ?? null;
  }

  /** Returns the project definition that a worker of this kind executes; null if the run is for another kind. */
  async definitionFor(runId: string, executor: Run['executor']): Promise<ProjectDefinition | null> {
    const [row] = await this.database.read.query<{ definition: string }>(
      'SELECT definition FROM runs JOIN definitions USING (definition_hash) WHERE run_id = ? AND executor = ?',
      [runId, executor],
    );
    return row ? storedDefinition(row.definition) : null;
  }

  async definition(definitionHash: string): Promise<ProjectDefinition> {
    const row = await this.database.find(DefinitionEntity, (rows) => rows.findOneBy({ definitionHash }));
    if (!row) throw new Error(`The definition ${definitionHash} is not in the database.`);
    return storedDefinition(row.definition);
  }

  /** Returns whether any run has a definition with `result.artifact`. */
  async hasArtifactRule(): Promise<boolean> {
    const found = await this.database.read.query(
      `SELECT 1 FROM definitions WHERE definition LIKE '%"artifact":"%' LIMIT 1`,
      [],
    );
    return found.length > 0;
  }

  /** Returns unrequested runs after a run id, in order. */
  async unrequested(after: string, limit: number): Promise<UnrequestedRun[]> {
    return this.database.read.query<UnrequestedRun>(
      'SELECT runs.run_id AS "runId", runs.executor, published_requests.entry_id AS "entryId" FROM runs' +
        ' LEFT JOIN published_requests ON published_requests.run_id = runs.run_id' +
        ` WHERE ${UNREQUESTED} AND runs.run_id > ? ORDER BY runs.run_id LIMIT ?`,
      [after, limit],
    );
  }

  /** Returns the latest completed and partial runs, newest first: only a worker can end a run with these statuses. */
  latestFinished(projectId: string, limit: number): Promise<FinishedRun[]> {
    const latest = (status: 'completed' | 'partial') =>
      'SELECT run_id AS "runId", claimed_at AS "claimedAt", started_at AS "startedAt", ended_at AS "endedAt"' +
      ` FROM runs WHERE project_id = ? AND status = '${status}' ORDER BY run_id DESC LIMIT ${limit}`;
    return this.database.read.query<FinishedRun>(
      `SELECT * FROM (${latest('completed')}) AS completed_runs UNION ALL SELECT * FROM (${latest('partial')})` +
        ` AS partial_runs ORDER BY "runId" DESC LIMIT ${limit}`,
      [projectId, projectId],
    );
  }

  /** Returns the outputs of these steps, each from the newest run that completed the step. */
  async latestOutputs(projectId: string, steps: readonly string[]): Promise<StepOutputs> {
    const found = new Map<string, StepOutputs[string]>();
    let before = 'g';
    for (let read = 0; read < MAX_RUNS_FOR_OUTPUTS; read += RUNS_AT_ONCE) {
      const missing = steps.filter((name) => !found.has(name));
      if (missing.length === 0) break;
      const rows = await this.database.read.query<{ run_id: string; steps: string; outputs: string | null }>(
        'SELECT run_id, steps, outputs FROM runs WHERE project_id = ? AND run_id < ?' +
          ` ORDER BY run_id DESC LIMIT ${RUNS_AT_ONCE}`,
        [projectId, before],
      );
      for (const row of rows) {
        const run = {
          steps: JSON.parse(row.steps) as Run['steps'],
          outputs: row.outputs === null ? null : (JSON.parse(row.outputs) as StepOutputs),
          earlierOutputs: null,
        };
        for (const [name, outputs] of Object.entries(outputsOf(run, missing)))
          if (!found.has(name)) found.set(name, outputs);
      }
      if (rows.length < RUNS_AT_ONCE) break;
      before = rows.at(-1)!.run_id;
    }
    return Object.fromEntries(found);
  }

  /** Returns the id of the latest run, deleted or not; null if there are no runs. */
  async newestId(): Promise<string | null> {
    const [row] = await this.database.read.query<{ newest: string | null; deleted: string | null }>(
      'SELECT (SELECT MAX(run_id) FROM runs) AS newest, (SELECT MAX(run_id) FROM deleted_runs) AS deleted',
    );
    const { newest = null, deleted = null } = row ?? {};
    return newest !== null && deleted !== null && deleted > newest ? deleted : (newest ?? deleted);
  }

  async load(tx: Transaction, of: { runId: string }[]): Promise<Map<string, Run>> {
    const runIds = [...new Set(of.map(({ runId }) => runId))];
    if (runIds.length === 0) return new Map();
    const rows = await this.runs.select(tx, `WHERE run_id IN ${inList(runIds)}`, runIds);
    return new Map(rows.map((run) => [run.runId, run]));
  }

  async loadUnrequested(tx: Transaction, runIds: string[]): Promise<Run[]> {
    return this.runs.select(tx, `WHERE run_id IN ${inList(runIds)} AND ${UNREQUESTED}`, runIds);
  }

  /** Returns the active runs by project. */
  async activeOf(tx: Transaction, projectIds: string[]): Promise<Map<string, ActiveRun>> {
    if (projectIds.length === 0) return new Map();
    const rows = await tx.query<ActiveRun & { projectId: string }>(
      'SELECT project_id AS "projectId", run_id AS "runId", number FROM runs' +
        ` WHERE status = 'running' AND project_id IN ${inList(projectIds)}`,
      projectIds,
    );
    return new Map(rows.map(({ projectId, runId, number }) => [projectId, { runId, number }]));
  }

  /**
   * Inserts and numbers runs whose projects have no active run, one for each project. Only the unique index decides,
   * because other processes may write too.
   * @returns the inserted runs
   */
  async insert(tx: Transaction, runs: Run[]): Promise<Set<Partial<Run>>> {
    await this.numbers.assign(tx, runs);
    const rows = new Set<Partial<Run>>(await this.runs.insert(tx, runs, { onConflict: 'ignore' }));
    const inserted = runs.filter((run) => rows.has(run));
    await this.numbers.store(tx, inserted);
    await this.hooks.started(tx, inserted);
    return rows;
  }

  /** Inserts definitions, except those that certainly are there. */
  async insertDefinitions(tx: Transaction, definitions: DefinitionEntity[]): Promise<void> {
    const missing = definitions.filter(({ definitionHash }) => !this.storedDefinitions.has(definitionHash));
    await this.definitions.insert(tx, missing, { onConflict: 'ignore' });
  }

  /** Remembers that a definition is stored. Call it after the commit of a run that refers to it. */
  rememberDefinition(definitionHash: string): void {
    this.storedDefinitions.add(definitionHash);
  }

  /**
   * Deletes those of the definitions that no run refers to. A run that is created at the same time stores its definition
   * again, because they are forgotten first.
   */
  async deleteUnusedDefinitions(hashes: string[]): Promise<void> {
    if (hashes.length === 0) return;
    for (const hash of hashes) this.storedDefinitions.delete(hash);
    await this.deleteUnused(hashes);
  }

  private readonly deleteUnused = this.database.command(
    async (tx: Transaction, lists: string[][]): Promise<void[]> => {
      await tx.each(
        'DELETE FROM definitions WHERE definition_hash = ? AND NOT EXISTS' +
          ' (SELECT 1 FROM runs WHERE runs.definition_hash = definitions.definition_hash)',
        lists.flat().map((hash) => [hash]),
      );
      return lists.map(() => undefined);
    },
  );

  /**
   * Stores changed runs, and deletes the secrets of those that ended. Their rows were read in this transaction, and no
   * other transaction writes at the same time. The guard is a second safeguard: an ended run, or a newer revision, rolls back the whole write.
   */
  async storeChanged(tx: Transaction, runs: Run[]): Promise<void> {
    const updated = await this.runs.update(tx, runs, {
      key: 'runId',
      properties: MUTABLE,
      guard: "status = 'running' AND revision < ?",
      guardedBy: ['revision'],
    });
    if (updated !== runs.length) throw new Error('The run was changed concurrently.');
    await deleteSecretsOfEnded(tx, runs);
    await this.hooks.changed(tx, runs);
  }

  /**
   * Adds calls to runs, also to ended ones. Not a part of `storeChanged`, because calls count even if the report changes
   * nothing else. With 0, the run has reported that it issued none.
   */
  async addCalls(tx: Transaction, callsByRun: ReadonlyMap<string, number>): Promise<void> {
    await tx.each(
      'UPDATE runs SET issued_calls = COALESCE(issued_calls, 0) + ? WHERE run_id = ?',
      [...callsByRun].map(([runId, calls]) => [calls, runId]),
    );
  }

  /** Returns the range of run ids for a range of start times. */
  async startRange(times: { fromMs?: number; toMs?: number }): Promise<StartRange> {
    const { range, startedAt } = rangeOf(times);
    if (startedAt === null) return range;
    const { from, to } = startedAt;
    const [ahead] = await this.database.read.query<{ inside: string | null; outside: string | null }>(
      'SELECT MAX(CASE WHEN started_at BETWEEN ? AND ? THEN run_id END) AS inside,' +
        ' MAX(CASE WHEN NOT started_at BETWEEN ? AND ? AND run_id < ? THEN run_id END) AS outside' +
        ' FROM runs WHERE id_is_ahead = 1 AND run_id >= ?',
      [from, to, from, to, range.high ?? 'g', range.low ?? ''],
    );
    return widened(range, startedAt, ahead ?? { inside: null, outside: null });
  }

  private select(where: string, parameters: unknown[]): Promise<Run[]> {
    return this.runs.select(this.database.read, where, parameters);
  }
}
