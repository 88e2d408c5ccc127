import { type Instant, plusSeconds } from '../clock/clock';
import { isReadableName } from '../schemas/readable-name';
import type { RunEventMap, RunInput } from '../events/run-event';
import type { RunResult } from '../results/run-result';
import { LEASE_SECONDS, MAX_PAST_LEASES } from './lease-times';
import { stopReportsAfter } from './stop-report';
import {
  NO_PROGRESS,
  type Progress,
  type Run,
  type SenderClock,
  type StepState,
  type WorkerLoss,
  isTerminal,
  pendingSteps,
} from './run';
import {
  boundedZeroResults,
  cutText,
  MAX_ERROR_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_REASON_BYTES,
  withArtifacts,
  withMetrics,
  withOmissions,
  withOutputs,
} from './report-limits';
import { clockAfter, timeOf, unheardSince } from './sender-clock';
import { latest, latestStepTime, stepAtEnd, stepsAfter } from './step-state';

/** Phases of the state machine: three for `running`, one for each terminal status. */
export const RUN_PHASES = [
  'waiting',
  'active',
  'stopping',
  'completed',
  'partial',
  'failed',
  'cancelled',
] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

/** All commands to a run. Commands from worker reports carry the time and the attempt of the report. */
export type RunCommand =
  | { type: 'claim'; workerId: string; leaseSeconds: number; lease?: LeaseGrant }
  /**
   * The worker never used its lease: the claim response was lost, or the worker stopped before it began. Does not count
   * as an attempt.
   */
  | { type: 'unclaim'; attempt: number; leaseToken: string }
  | ({ type: 'start' } & Said<'run.started'>)
  | ({ type: 'heartbeat' } & Said<'run.heartbeat'>)
  | ({ type: 'progress' } & Said<'run.progress'>)
  /** `result`: what became of the file that the event offers. */
  | ({ type: 'complete'; result?: RunResult | null } & Said<'run.completed'>)
  | ({ type: 'fail' } & Said<'run.failed'>)
  | ({ type: 'confirm-stop' } & Said<'run.cancelled'>)
  | { type: 'request-stop'; reason: string; requestedBy: string }
  /** The lease expired, or the worker is known to be gone. */
  | { type: 'lose-worker'; attempt: number; loss: WorkerLoss }
  | { type: 'fail-unclaimed' }
  | { type: 'end-unconfirmed-stop' }
  | { type: 'time-out' }
  /** The server runs on a restored backup, which was made while the run was active. */
  | { type: 'end-restored' };

/** The lease that a claim over HTTP grants. Absent for the embedded worker, which needs no proof. */
export interface LeaseGrant {
  token: string;
  claimId: string | null;
}

type Said<Type extends keyof RunEventMap> = { occurredAt: Instant; payload: RunEventMap[Type] };
export type RunCommandType = RunCommand['type'];

/**
 * The state machine: for each phase and command, the phases that may follow. An empty list means that the command
 * changes nothing. A test compares the diagram in docs/run-lifecycle.md with this table.
 */
export const TRANSITIONS: Record<RunPhase, Record<RunCommandType, readonly RunPhase[]>> = {
  waiting: {
    claim: ['active'],
    unclaim: [],
    start: ['active'],
    heartbeat: ['active'],
    progress: ['active'],
    complete: ['completed', 'partial'],
    fail: ['failed'],
    'confirm-stop': ['cancelled'],
    'request-stop': ['cancelled'],
    'lose-worker': [],
    'fail-unclaimed': ['failed'],
    'end-unconfirmed-stop': [],
    'time-out': ['failed'],
    'end-restored': ['failed'],
  },
  active: {
    claim: [],
    unclaim: ['waiting'],
    start: ['active'],
    heartbeat: ['active'],
    progress: ['active'],
    complete: ['completed', 'partial'],
    fail: ['failed'],
    'confirm-stop': ['cancelled'],
    'request-stop': ['stopping'],
    'lose-worker': ['waiting', 'failed'],
    'fail-unclaimed': [],
    'end-unconfirmed-stop': [],
    'time-out': ['failed'],
    'end-restored': ['failed'],
  },
  stopping: {
    claim: [],
    unclaim: ['cancelled'],
    start: ['stopping'],
    heartbeat: ['stopping'],
    progress: ['stopping'],
    complete: ['completed', 'partial'],
    fail: ['failed'],
    'confirm-stop': ['cancelled'],
    'request-stop': [],
    'lose-worker': ['cancelled'],
    'fail-unclaimed': [],
    'end-unconfirmed-stop': ['cancelled'],
    'time-out': ['cancelled'],
    'end-restored': ['failed'],
  },
  completed: nothing(),
  partial: nothing(),
  failed: nothing(),
  cancelled: nothing(),
};

/** Why a command or an event changed nothing. */
export type Refusal =
  | 'already-ended'
  | 'stale-attempt'
  | 'unknown-attempt'
  | 'other-worker'
  | 'no-effect'
  /** Only the server publishes this event type, and it did not publish this event. */
  | 'not-from-server'
  /** The sender does not hold the lease, or the lease to return is in use. */
  | 'lease-lost';

export type Transition =
  | { applied: true; run: Run; from: RunPhase; to: RunPhase; emits: Emission[] }
  | { applied: false; run: Run; refusal: Refusal };

/** An event for workers that follows from a change. The same transaction adds it to the outbox. */
export type Emission =
  | { eventType: 'run.requested'; payload: RunEventMap['run.requested'] }
  | { eventType: 'run.cancel.requested'; payload: RunEventMap['run.cancel.requested'] };

/** The fields of a run that determine its phase. */
export type PhasedRun = Pick<
  Run,
  'status' | 'cancelRequestedAt' | 'claimedAt' | 'executor' | 'requestPublishedAt'
>;

export function phaseOf(run: PhasedRun): RunPhase {
  if (run.status !== 'running') return run.status;
  if (run.cancelRequestedAt !== null) return 'stopping';
  return run.claimedAt === null ? 'waiting' : 'active';
}

/**
 * Returns whether an external worker may be executing the run although none has reported. External workers need not
 * claim a run or report its start.
 */
export function isHandedOut(run: PhasedRun): boolean {
  return phaseOf(run) === 'waiting' && run.executor === 'external' && run.requestPublishedAt !== null;
}

/** Changes a run; no other code does. Pure: the caller stores the result, guarded by the run's revision. */
export function transition(run: Run, command: RunCommand, now: Instant): Transition {
  const refused = (refusal: Refusal): Transition => ({ applied: false, run, refusal });
  const from = phaseOf(run);
  if (isTerminal(run)) return refused('already-ended');

  const attempt = attemptOf(command);
  if (attempt !== null && attempt < run.attempt) return refused('stale-attempt');
  if (attempt !== null && attempt > run.attempt) return refused('unknown-attempt');
  const workerId = workerOf(command);
  if (workerId !== null && run.workerId !== null && workerId !== run.workerId) return refused('other-worker');

  const allowed = TRANSITIONS[from][command.type];
  if (allowed.length === 0) return refused('no-effect');
  if (command.type === 'unclaim' && !isUnused(run, command.leaseToken)) return refused('lease-lost');

  const heard = isDated(command) ? withSenderClock(run, clockAfter(run, command.occurredAt, now)) : run;
  const changed: Run = { ...heard, ...changes(heard, command, now), revision: run.revision + 1 };
  const to = phaseOf(changed);
  if (!allowed.includes(to))
    throw new Error(`The state machine has no way from ${from} by ${command.type} to ${to}.`);
  return { applied: true, run: changed, from, to, emits: emissions(changed, command, from, to) };
}

/**
 * Returns the `run.requested` of a run's current attempt.
 * @param requestedBy the actor that requested the run again; null for the first request of the attempt
 */
export function requestOf(
  run: Run,
  requestedBy: string | null = null,
): Extract<Emission, { eventType: 'run.requested' }> {
  return {
    eventType: 'run.requested',
    payload: {
      projectId: run.projectId,
      scope: run.scope,
      steps: run.steps.map(({ name }) => name),
      definitionHash: run.definitionHash,
      params: run.params,
      attempt: run.attempt,
      ...(run.runInputs !== null && { runInputs: JSON.parse(run.runInputs) as RunInput[] }),
      ...(run.quota !== null && { quota: run.quota }),
      ...(run.earlierOutputs !== null && { outputs: run.earlierOutputs }),
      ...(run.currentResult !== null && { currentResult: run.currentResult }),
      ...(requestedBy !== null && { requestedBy }),
    },
  };
}

function changes(run: Run, command: RunCommand, now: Instant): Partial<Run> {
  switch (command.type) {
    case 'claim':
      return {
        workerId: command.workerId,
        claimedAt: now,
        lastHeardAt: now,
        senderClock: unheardSince(now),
        leaseExpiresAt: plusSeconds(now, command.leaseSeconds),
        leaseToken: command.lease?.token ?? null,
        leaseClaimId: command.lease?.claimId ?? null,
        leaseUsedAt: null,
      };
    case 'unclaim':
      return run.cancelRequestedAt === null
        ? unheld(now)
        : { ...ended(run, 'cancelled', now), statusReason: 'cancelled-by-user' };
    case 'start':
    case 'heartbeat':
      return { ...heard(run, now, command.payload.leaseSeconds), workerId: command.payload.workerId };
    case 'progress':
      return progressed(run, command, now);
    case 'complete':
      return completed(run, command, now);
    case 'fail': {
      const { errorCode, message, step, reason } = command.payload;
      const at = timeOf(run, command.occurredAt, now, latestStepTime(run));
      const { steps, isCut } =
        step === undefined
          ? { steps: run.steps, isCut: undefined }
          : stepsAfter(run.steps, { step, stepStatus: 'failed' }, at);
      return {
        ...ended({ ...run, steps }, 'failed', at),
        statusReason: reasonOf(reason) ?? (step === undefined ? 'worker-reported' : 'step-failed'),
        error: { code: errorCode, message: cutText(message, MAX_ERROR_BYTES) },
        omitted: withOmissions(run.omitted, { ...isCut }),
      };
    }
    case 'confirm-stop':
      return {
        ...ended(run, 'cancelled', timeOf(run, command.occurredAt, now, latestStepTime(run))),
        statusReason: run.cancelRequestedAt === null ? 'cancelled-by-worker' : 'cancelled-by-user',
      };
    case 'request-stop':
      return run.claimedAt === null
        ? {
            ...ended(run, 'cancelled', now),
            cancelRequestedAt: now,
            cancelRequestedBy: command.requestedBy,
            statusReason: command.reason,
            error: isHandedOut(run) ? { code: 'STOP_UNCONFIRMED', message: null } : null,
          }
        : {
            cancelRequestedAt: now,
            cancelRequestedBy: command.requestedBy,
            stopBy: plusSeconds(now, run.stopGraceSeconds),
          };
    case 'lose-worker':
      return lost(run, command.loss, now);
    case 'fail-unclaimed':
      return {
        ...ended(run, 'failed', now),
        statusReason: 'no-worker',
        error: { code: 'NO_WORKER', message: null },
      };
    case 'end-unconfirmed-stop':
      return {
        ...ended(run, 'cancelled', now),
        statusReason: 'cancelled-by-user',
        error: { code: 'STOP_NOT_CONFIRMED', message: null },
      };
    case 'time-out':
      return run.cancelRequestedAt === null
        ? {
            ...ended(run, 'failed', now),
            statusReason: 'timed-out',
            error: { code: 'TIMED_OUT', message: null },
          }
        : { ...ended(run, 'cancelled', now), statusReason: 'cancelled-by-user' };
    case 'end-restored':
      return {
        ...ended(run, 'failed', now),
        statusReason: 'restored',
        error: { code: 'RESTORED', message: null },
      };
  }
}

/** Copies the run only if the clock differs, because a run has many fields and few events change the clock. */
function withSenderClock(run: Run, senderClock: SenderClock): Run {
  return senderClock === run.senderClock ? run : { ...run, senderClock };
}

/** Returns the fields of an unclaimed attempt. */
function unheld(now: Instant): Partial<Run> {
  return {
    workerId: null,
    claimedAt: null,
    requestPublishedAt: null,
    lastHeardAt: null,
    leaseExpiresAt: null,
    leaseToken: null,
    leaseClaimId: null,
    leaseUsedAt: null,
    senderClock: unheardSince(now),
  };
}

function isUnused(run: Run, leaseToken: string): boolean {
  return run.leaseToken === leaseToken && run.leaseUsedAt === null;
}

function heard(
  run: Run,
  now: Instant,
  leaseSeconds?: number,
): Pick<Run, 'claimedAt' | 'lastHeardAt' | 'leaseExpiresAt' | 'leaseUsedAt'> {
  // An unused lease is short. Its first use proves that the worker received it, and starts the full lease.
  const isFirstUse = run.leaseToken !== null && run.leaseUsedAt === null;
  const seconds = leaseSeconds ?? (isFirstUse ? LEASE_SECONDS : undefined);
  return {
    claimedAt: run.claimedAt ?? now,
    lastHeardAt: now,
    leaseExpiresAt: seconds === undefined ? run.leaseExpiresAt : plusSeconds(now, seconds),
    leaseUsedAt: isFirstUse ? now : run.leaseUsedAt,
  };
}

function progressed(run: Run, { payload, occurredAt }: Said<'run.progress'>, now: Instant): Partial<Run> {
  const { step, stepStatus, metrics, artifacts, outputs } = payload;
  const isDone =
    step !== undefined && run.steps.some(({ name, endedAt }) => name === step && endedAt !== null);
  const after =
    step === undefined
      ? null
      : stepsAfter(
          run.steps,
          { ...payload, step },
          timeOf(run, occurredAt, now, floorOf(run, step, stepStatus)),
          occurredAt,
        );
  const steps = after?.steps ?? run.steps;
  const metricsNow = metrics && withMetrics(run.metrics, metrics);
  const artifactsNow = artifacts && withArtifacts(run.artifacts, artifacts);
  const outputsNow = outputs && step !== undefined ? withOutputs(run.outputs, step, outputs) : null;
  const { claimedAt, lastHeardAt, leaseExpiresAt, leaseUsedAt } = heard(run, now);
  // One object literal: V8 takes about 1 µs for each property after a spread, and most events take this path.
  return {
    claimedAt,
    lastHeardAt,
    leaseExpiresAt,
    leaseUsedAt,
    // A late event of an earlier step must not move the progress back.
    progress:
      isDone && step !== run.progress.step ? run.progress : progressAfter(run.progress, payload, steps),
    steps,
    metrics: metricsNow?.kept ?? run.metrics,
    artifacts: artifactsNow?.kept ?? run.artifacts,
    outputs: outputsNow?.kept ?? run.outputs,
    omitted: withOmissions(run.omitted, {
      ...after?.isCut,
      metrics: metricsNow?.isCut,
      artifacts: artifactsNow?.isCut,
      outputs: outputsNow?.isCut,
    }),
    stopReports: stopReportsAfter(run, payload, occurredAt, now),
  };
}

/** Returns the progress of the run: of the step that reported last or, once that has ended, of one that still runs. */
function progressAfter(
  before: Progress,
  { step, stepStatus, stepAttempt, current, total, message }: RunEventMap['run.progress'],
  steps: StepState[],
): Progress {
  const isSame = step === undefined || step === before.step;
  if (stepStatus !== undefined && stepStatus !== 'running') {
    const other = isSame
      ? steps.find(({ name, status }) => status === 'running' && name !== step)
      : undefined;
    if (other !== undefined) return progressOf(other);
  }
  // A new attempt at the step begins from nothing; see step-state.ts.
  const known = isSame && stepAttempt === undefined ? before : progressOfNamed(step ?? before.step, steps);
  return {
    step: known.step,
    current: current ?? known.current,
    total: total ?? known.total,
    message: message === undefined ? known.message : cutText(message, MAX_MESSAGE_BYTES),
  };
}

function progressOfNamed(name: string | null, steps: StepState[]): Progress {
  if (name === null) return NO_PROGRESS;
  const step = steps.find((each) => each.name === name);
  return step ? progressOf(step) : { ...NO_PROGRESS, step: isReadableName(name) ? name : null };
}

function progressOf({ name, progress }: StepState): Progress {
  return { ...NO_PROGRESS, ...progress, step: name };
}

function reasonOf(reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : cutText(reason, MAX_REASON_BYTES);
}

function completed(run: Run, command: Extract<RunCommand, { type: 'complete' }>, now: Instant): Partial<Run> {
  const { status, reason, metrics, newJobsCount, persistedResults, relevantCount, artifacts, zeroResults } =
    command.payload;
  const found = newJobsCount ?? persistedResults;
  const metricsNow = withMetrics(run.metrics, {
    ...metrics,
    ...(found !== undefined && { newJobsCount: found }),
    ...(relevantCount !== undefined && { relevantCount }),
  });
  const artifactsNow = withArtifacts(run.artifacts, artifacts ?? []);
  const endedAt = timeOf(run, command.occurredAt, now, latestStepTime(run));
  const zeroResultsNow = zeroResults && boundedZeroResults(zeroResults, endedAt);
  return {
    ...ended(run, status ?? 'completed', endedAt),
    statusReason: status === 'partial' ? (reasonOf(reason) ?? 'partial') : null,
    metrics: metricsNow.kept,
    artifacts: artifactsNow.kept,
    zeroResults: zeroResultsNow?.kept ?? null,
    omitted: withOmissions(run.omitted, {
      metrics: metricsNow.isCut,
      artifacts: artifactsNow.isCut,
      zeroResults: zeroResultsNow?.isCut,
    }),
    result: command.result ?? null,
  };
}

function lost(run: Run, loss: WorkerLoss, now: Instant): Partial<Run> {
  const error = { code: 'WORKER_LOST', message: null, loss };
  if (run.cancelRequestedAt !== null) {
    return { ...ended(run, 'cancelled', now), statusReason: 'cancelled-by-user', error };
  }
  if (run.attempt >= run.maxAttempts)
    return { ...ended(run, 'failed', now), statusReason: 'worker-lost', error };
  return {
    attempt: run.attempt + 1,
    ...unheld(now),
    pastLeases: withPastLease(run),
    // The next worker gets the full claim timeout, however long the lost worker held the run.
    claimBy: run.claimTimeoutSeconds > 0 ? plusSeconds(now, run.claimTimeoutSeconds) : null,
    progress: NO_PROGRESS,
    steps: pendingSteps(run.steps.map(({ name }) => name)),
    metrics: {},
    artifacts: [],
    outputs: null,
    omitted: null,
    stopReports: null,
  };
}

function withPastLease({ pastLeases, attempt, leaseToken }: Run): Run['pastLeases'] {
  if (leaseToken === null) return pastLeases;
  const tokens: Record<string, string> = { ...pastLeases, [attempt]: leaseToken };
  return Object.fromEntries(Object.entries(tokens).slice(-MAX_PAST_LEASES));
}

/** Returns the fields of an ended run. Running steps take the outcome of the run; pending steps are skipped. */
function ended(run: Run, status: Exclude<Run['status'], 'running'>, endedAt: Instant): Partial<Run> {
  // The server's clock may have been set back since the run, or its last step, began.
  const at = latest(endedAt, latestStepTime(run));
  const interrupted = status === 'failed' ? 'failed' : status === 'cancelled' ? 'cancelled' : 'completed';
  return {
    status,
    endedAt: at,
    leaseExpiresAt: null,
    stopReports: null,
    steps: run.steps.map((step) => stepAtEnd(step, interrupted, at)),
  };
}

/**
 * Returns whether the command carries the worker's own time. Heartbeats and uploads over HTTP carry the server's time
 * and reveal nothing about the worker's clock. An upload is a progress report without a step.
 */
function isDated(command: RunCommand): command is Extract<RunCommand, { occurredAt: Instant }> {
  if (!('occurredAt' in command) || command.type === 'heartbeat') return false;
  return command.type !== 'progress' || command.payload.step !== undefined;
}

/** Returns the latest time known to precede this status of a step. */
function floorOf(
  run: Run,
  name: string | undefined,
  status: RunEventMap['run.progress']['stepStatus'],
): Instant {
  // A corrected time may be off by the delivery delay, so the order of events decides.
  if (run.senderClock?.isOff) return latestStepTime(run);
  const step = status === 'running' ? undefined : run.steps.find((each) => each.name === name);
  return step?.startedAt ?? run.startedAt;
}

function attemptOf(command: RunCommand): number | null {
  if (command.type === 'lose-worker' || command.type === 'unclaim') return command.attempt;
  return 'payload' in command ? (command.payload.attempt ?? null) : null;
}

function workerOf(command: RunCommand): string | null {
  return command.type === 'start' || command.type === 'heartbeat' ? command.payload.workerId : null;
}

function emissions(run: Run, command: RunCommand, from: RunPhase, to: RunPhase): Emission[] {
  if ((command.type === 'lose-worker' || command.type === 'unclaim') && to === 'waiting')
    return [requestOf(run)];
  // Always publish a stop: an unknown worker may be executing the run.
  if (command.type === 'request-stop') {
    return [
      {
        eventType: 'run.cancel.requested',
        payload: { reason: command.reason, requestedBy: command.requestedBy },
      },
    ];
  }
  if (command.type === 'fail-unclaimed' || (command.type === 'time-out' && from !== 'stopping')) {
    const reason = command.type === 'time-out' ? 'timed-out' : 'no-worker';
    return [{ eventType: 'run.cancel.requested', payload: { reason, requestedBy: 'jobato' } }];
  }
  return [];
}

function nothing(): Record<RunCommandType, readonly RunPhase[]> {
  return {
    claim: [],
    unclaim: [],
    start: [],
    heartbeat: [],
    progress: [],
    complete: [],
    fail: [],
    'confirm-stop': [],
    'request-stop': [],
    'lose-worker': [],
    'fail-unclaimed': [],
    'end-unconfirmed-stop': [],
    'time-out': [],
    'end-restored': [],
  };
}
