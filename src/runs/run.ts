import type { Instant } from '../clock/clock';
import type {
  JsonObject,
  QuotaBudget,
  ReportedStopping,
  StepOutputs,
  StoppingCause,
} from '../events/run-event';
import type { RunResult } from '../results/run-result';

export const RUN_STATUSES = ['running', 'completed', 'partial', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const TRIGGER_KINDS = ['manual', 'api', 'schedule', 'rerun', 'auto'] as const;
export type TriggeredBy = (typeof TRIGGER_KINDS)[number];

export const STEP_STATUSES = ['pending', 'running', 'completed', 'failed', 'skipped', 'cancelled'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/** Names of the bounded lists of a run that can be incomplete. */
export const OMISSIONS = ['metrics', 'artifacts', 'steps', 'attempts', 'outputs', 'zeroResults'] as const;
export type Omission = (typeof OMISSIONS)[number];

export interface StepState {
  name: string;
  status: StepStatus;
  startedAt: Instant | null;
  endedAt: Instant | null;
  exitCode: number | null;
  /** Absent until the step reports progress. */
  progress?: StepProgress;
  /** Absent for a step without a retry policy. See step-state.ts. */
  attempts?: StepAttempt[];
}

/** One attempt at a step. */
export interface StepAttempt {
  /** From 1. */
  number: number;
  status: Exclude<StepStatus, 'pending' | 'skipped'>;
  startedAt: Instant;
  endedAt: Instant | null;
  exitCode: number | null;
  /** When the next attempt starts; only after a failed one. */
  retryAt?: Instant;
}

export interface StepProgress {
  current: number | null;
  total: number | null;
  message: string | null;
}

/** Progress of the run: of the step that reported last. */
export interface Progress extends StepProgress {
  step: string | null;
}

export interface Artifact {
  name: string;
  /** Bytes. */
  size: number;
}

/** A search without results. */
export interface ZeroResult {
  queryText: string;
  domain: string;
  /** By the clock of the worker. */
  occurredAt: Instant;
}

/** The latest report of a worker about ending the processes of a step. */
export interface StopReport {
  /** By the worker's clock. Only good for finding the newer of two reports. */
  occurredAt: Instant;
  step: string | null;
  cause: StoppingCause;
  signal: ReportedStopping['signal'];
  sentAt: Instant;
  /** When SIGKILL follows; null if not reported, or already sent. */
  killAt: Instant | null;
  /** Null if the worker does not know. */
  aliveCount: number | null;
  /** Some of the processes that are still alive. */
  alive: { pid: number; name: string }[];
}

/** Facts about a worker's clock, derived from the events of its attempt. */
export interface SenderClock {
  /** When this server requested the attempt or handed it out. No event of the attempt happened earlier. */
  notBefore: Instant;
  /**
   * The smallest difference between an event's arrival and its own time, in milliseconds. The clock is behind by at
   * most this much, because delivery takes time. Negative if the clock is ahead. Null before the first event.
   */
  lagMs: number | null;
  /** The clock differs from this server's: an event's own time was before `notBefore` or after its arrival. */
  isOff: boolean;
}

/** How a worker lost its run. `returned`: the worker gave it back, with a reason in its own words. */
export type WorkerLoss =
  | { kind: 'lease-expired' }
  | { kind: 'returned'; reason: string | null }
  /** The server ended while its embedded worker executed the run. */
  | { kind: 'server-stopped' }
  | { kind: 'server-crashed' };

/** One execution of a project's pipeline. Only `transition` in run-state.ts changes it. */
export interface Run {
  /** UUID version 7; the order of ids is the order of starts. */
  runId: string;
  /** 1 if the clock was behind the newest id at the start, so that the id encodes a later time than `startedAt`. */
  idIsAhead: 0 | 1;
  projectId: string;
  /** 1, 2, 3 … within the project, assigned by the transaction that creates the run. Never reused. */
  number: number;
  scope: string;
  status: RunStatus;
  /** Reason for the status, as a code of the API: `cancelled-by-user`, `timed-out`, … */
  statusReason: string | null;
  triggeredBy: TriggeredBy;
  /** The schedule, or the user whom a trusted proxy named; null if unknown. */
  triggeredByName: string | null;
  /** Without secrets. */
  params: JsonObject;
  /** Names of the secret params that the run was started with; null without any. Their values are in no run. */
  secretParams: string[] | null;
  /** The run that this run repeats. */
  rerunOf: string | null;
  definitionHash: string;
  /** JSON text of the run's inputs, computed at its trigger. Parsed only where it is passed on. */
  runInputs: string | null;
  /** Fingerprint of the files that the project watches, at the trigger; null without any, or if it was unknown. */
  watchedFiles: string | null;
  /** Quota budget of the current attempt; null without a quota. */
  quota: QuotaBudget | null;
  executor: 'steps' | 'external';

  /** Number of the current attempt, from 1. Events of older attempts change nothing. */
  attempt: number;
  maxAttempts: number;
  workerId: string | null;
  /** When a worker first reported or claimed this attempt; null while it is unclaimed. */
  claimedAt: Instant | null;
  /** When the request of this attempt was last published. Set only for external runs, whose workers need not claim. */
  requestPublishedAt: Instant | null;
  lastHeardAt: Instant | null;
  /** Facts about the worker's clock, from the events of this attempt; null for runs from before it was recorded. */
  senderClock: SenderClock | null;
  /** When the lease expires; null for a worker without a lease. */
  leaseExpiresAt: Instant | null;
  /** The secret of the lease holder; null unless the attempt was claimed over HTTP. Never displayed or published. */
  leaseToken: string | null;
  /** Chosen by the worker for one claim. Until the token is used, a claim with the same id gets the same response. */
  leaseClaimId: string | null;
  /** When the token was first used. This proves that the claim response arrived. */
  leaseUsedAt: Instant | null;
  /** Tokens of lost attempts, by attempt number. */
  pastLeases: Record<string, string> | null;

  startedAt: Instant;
  /** Seconds that each attempt may wait for a worker; 0 = no limit. */
  claimTimeoutSeconds: number;
  /** When the run fails if no worker has claimed it. */
  claimBy: Instant | null;
  /** When an external run fails with a timeout. For runs with steps the executor enforces the limit. */
  finishBy: Instant | null;
  cancelRequestedAt: Instant | null;
  /** The user whom a trusted proxy named, else `page`, `api` or `jobato`; null while no stop is requested. */
  cancelRequestedBy: string | null;
  stopGraceSeconds: number;
  /** When the run is cancelled even without the worker's confirmation; null while no stop is requested. */
  stopBy: Instant | null;
  /** Progress of ending the processes of steps, one report for each step; null while none are being ended. */
  stopReports: StopReport[] | null;
  endedAt: Instant | null;

  progress: Progress;
  steps: StepState[];
  metrics: Record<string, number>;
  /** Outputs of the steps, for later steps and re-runs; null without any. */
  outputs: StepOutputs | null;
  /** Outputs of steps outside the scope, from an earlier run; null without any. */
  earlierOutputs: StepOutputs | null;
  /** `message` is from the worker; null if the server decided, and run-error.ts has the text. */
  error: { code: string; message: string | null; loss?: WorkerLoss } | null;
  artifacts: Artifact[];
  /** Searches that found nothing, as reported at the end; null if the worker did not report any list. */
  zeroResults: ZeroResult[] | null;
  /**
   * Calls that all attempts have reported; null if none reported any. The only field beside retention's that changes
   * without `transition`: calls of lost attempts and of ended runs count too. See RunRepository.addCalls.
   */
  issuedCalls: number | null;
  /**
   * Lists of which a part was dropped, because the worker reported more than the limits; null if all are complete. See
   * report-limits.ts.
   */
  omitted: Omission[] | null;
  /** The live result of the project at the start of the run, relative to DATA_DIR; null before there was one. */
  currentResult: string | null;
  /** What became of the result that the end of the run offered; null if it offered none. */
  result: RunResult | null;
  /** 1 for a run that retention keeps. Changes also after the end. */
  pinned: 0 | 1;
  /** When retention removed the log; null while it is complete. */
  logsRemovedAt: Instant | null;
  /** When retention removed the files; null while they are there. */
  artifactsRemovedAt: Instant | null;
  /**
   * Number of changes. It guards each write against a lost update, and tells a reader whether it has the latest
   * version.
   */
  revision: number;
}

export const NO_PROGRESS: Progress = { step: null, current: null, total: null, message: null };

export function pendingSteps(names: readonly string[]): StepState[] {
  return names.map((name) => ({ name, status: 'pending', startedAt: null, endedAt: null, exitCode: null }));
}

export function isTerminal(run: Pick<Run, 'status'>): boolean {
  return run.status !== 'running';
}
