import type { Instant } from '../clock/clock';
import type { JsonObject, QuotaBudget, ReportedStopping, StoppingCause } from '../events/run-event';

export const RUN_STATUSES = ['running', 'completed', 'partial', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const TRIGGER_KINDS = ['manual', 'api', 'schedule', 'rerun', 'auto'] as const;
export type TriggeredBy = (typeof TRIGGER_KINDS)[number];

export const STEP_STATUSES = ['pending', 'running', 'completed', 'failed', 'skipped', 'cancelled'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/** Lists of a run that are bounded, of which something was left out. */
export const OMISSIONS = ['metrics', 'artifacts', 'steps'] as const;
export type Omission = (typeof OMISSIONS)[number];

export interface StepState {
  name: string;
  status: StepStatus;
  startedAt: Instant | null;
  endedAt: Instant | null;
  exitCode: number | null;
}

export interface Progress {
  step: string | null;
  current: number | null;
  total: number | null;
  message: string | null;
}

export interface Artifact {
  name: string;
  /** Bytes. */
  size: number;
}

/** How far a worker is with ending the processes of a step, as it last said. */
export interface StopReport {
  /** By the clock of the worker: says which of two reports is the newer one, and no more. */
  occurredAt: Instant;
  step: string | null;
  cause: StoppingCause;
  signal: ReportedStopping['signal'];
  sentAt: Instant;
  /** When SIGKILL follows; null where it was not said, or has been sent. */
  killAt: Instant | null;
  /** Null where the worker cannot tell. */
  aliveCount: number | null;
  /** A few of those that are alive. */
  alive: { pid: number; name: string }[];
}

/** What the events of an attempt have shown of the clock of the worker that sent them. */
export interface SenderClock {
  /** When this server asked for the attempt, or handed it out: nothing of it happened before. */
  notBefore: Instant;
  /**
   * The smallest difference of an event's arrival and the time that it names, in milliseconds. The clock is behind by
   * this much at most, since an event takes some time to arrive; negative where it is ahead. Null before the first event.
   */
  lagMs: number | null;
  /** An event named a time before `notBefore`, or after its arrival: the clock differs from this server's. */
  isOff: boolean;
}

/** How a worker lost its run. `returned`: the worker handed it back, with its own words for the reason. */
export type WorkerLoss =
  | { kind: 'lease-expired' }
  | { kind: 'returned'; reason: string | null }
  /** The server's own worker was cut off. */
  | { kind: 'server-stopped' }
  | { kind: 'server-crashed' };

/** One execution of a project's pipeline. Changed only by `transition`, in run-state.ts. */
export interface Run {
  /** UUID version 7: its order is the order of starts. */
  runId: string;
  /** 1 where the clock was behind the newest id at the start, so that the id names a later time than `startedAt`. */
  idIsAhead: 0 | 1;
  projectId: string;
  scope: string;
  status: RunStatus;
  /** Why it is what it is, in one word of the contract: `cancelled-by-user`, `timed-out`, … */
  statusReason: string | null;
  triggeredBy: TriggeredBy;
  params: JsonObject;
  /** The run that this one repeats. */
  rerunOf: string | null;
  definitionHash: string;
  /** JSON text of what the run is to look for, computed at its trigger; read only where it is passed on. */
  runInputs: string | null;
  /** What the current attempt may use; null without a quota. */
  quota: QuotaBudget | null;
  executor: 'steps' | 'external';

  /** Counts workers that were given the run, from 1. What an older attempt still says changes nothing. */
  attempt: number;
  maxAttempts: number;
  workerId: string | null;
  /** When a worker was first known to have this attempt; null while nobody has it. */
  claimedAt: Instant | null;
  /** When the request of this attempt was last published; only of external runs, whose workers need not claim. */
  requestPublishedAt: Instant | null;
  lastHeardAt: Instant | null;
  /** What the events of this attempt have shown of its worker's clock; null for runs of before it was recorded. */
  senderClock: SenderClock | null;
  /** Past this the worker counts as lost; null for one that promised nothing. */
  leaseExpiresAt: Instant | null;
  /** The secret that proves who holds this attempt; null unless it was claimed over HTTP. Never shown or published. */
  leaseToken: string | null;
  /** Chosen by the worker for one claim: until the token is used, the same id is given the same answer. */
  leaseClaimId: string | null;
  /** When the token was first used, which shows that its answer arrived. */
  leaseUsedAt: Instant | null;
  /** Tokens of attempts that were lost, by attempt. */
  pastLeases: Record<string, string> | null;

  startedAt: Instant;
  /** How long each attempt may wait for a worker; 0 = for as long as it takes. */
  claimTimeoutSeconds: number;
  /** When it is failed if nobody has claimed it by then. */
  claimBy: Instant | null;
  /** When an external run is failed as timed out; for steps, the executor keeps the time. */
  finishBy: Instant | null;
  cancelRequestedAt: Instant | null;
  stopGraceSeconds: number;
  /** When it is cancelled even if its worker never confirms; null while no stop was asked for. */
  stopBy: Instant | null;
  /** How far its worker is with ending processes; null while none are being ended. */
  stopReport: StopReport | null;
  endedAt: Instant | null;

  progress: Progress;
  steps: StepState[];
  metrics: Record<string, number>;
  /** `message` is the worker's; null where the server decided, and run-error.ts has the text. */
  error: { code: string; message: string | null; loss?: WorkerLoss } | null;
  artifacts: Artifact[];
  /** What was reported beyond the bounds of a run, and is not kept; null where all is. See run-bounds.ts. */
  omitted: Omission[] | null;
  /** Counts the changes: guards each write against a lost update, and says whether a reader has the latest. */
  revision: number;
}

export const NO_PROGRESS: Progress = { step: null, current: null, total: null, message: null };

export function pendingSteps(names: readonly string[]): StepState[] {
  return names.map((name) => ({ name, status: 'pending', startedAt: null, endedAt: null, exitCode: null }));
}

export function isTerminal(run: Pick<Run, 'status'>): boolean {
  return run.status !== 'running';
}
