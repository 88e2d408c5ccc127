import type { Instant } from '../clock/clock';

export type JsonObject = { [member: string]: unknown };

/** One line of a step's output, as workers send it. `n` numbers the lines of an attempt; duplicates are dropped. */
export interface LogLineInput {
  n?: number;
  at?: Instant;
  stream?: 'stdout' | 'stderr' | 'system';
  step?: string;
  /** Attempt at the step; absent for the first one. */
  stepAttempt?: number;
  /**
   * The line is unfinished or will be overwritten. It replaces the previous open line of the step and stream, and the
   * next finished line replaces it. It is shown and not stored, and needs no `n`. An empty text removes it.
   */
  open?: boolean;
  text: string;
}

export interface ReportedArtifact {
  name: string;
  /** Bytes. */
  size?: number;
}

/** Why a worker terminates processes. */
export const STOPPING_CAUSES = [
  'stop-requested',
  'run-timed-out',
  'step-timed-out',
  'left-behind',
  'shutting-down',
] as const;
export type StoppingCause = (typeof STOPPING_CAUSES)[number];

/** Progress of a worker in terminating the processes of a step. */
export interface ReportedStopping {
  signal: 'SIGTERM' | 'SIGKILL';
  /** Absent means `stop-requested`. */
  cause?: StoppingCause;
  sentAt?: Instant;
  /** When SIGKILL follows. */
  killAt?: Instant;
  /** Number of processes still alive, and a list of the first ones. */
  aliveCount?: number;
  alive?: { pid: number; name: string }[];
}

/** An output of a step, for later steps. */
export type OutputValue = string | number | boolean;
/** Outputs by step and name. */
export type StepOutputs = Record<string, Record<string, OutputValue>>;

/** One attempt at a step that has a retry policy. */
export interface ReportedStepAttempt {
  /** From 1. */
  number: number;
  status: 'running' | 'completed' | 'failed' | 'cancelled';
  exitCode?: number | null;
  /** When the next attempt starts, after a failed one. */
  retryAt?: Instant;
}

/** One search that a run is asked to execute. */
export interface RunInput {
  queryId: string;
  queryText: string;
  domain: string;
  /** `site:<domain> <text>` */
  searchQuery: string;
}

/** The part of the project's quota that a run may use, as of the request for the attempt. */
export interface QuotaBudget {
  /** Calls. */
  remaining: number;
  /** Maximum number of concurrent calls. */
  concurrencyLimit: number;
}

/** A search without results, as workers send it. */
export interface ReportedZeroResult {
  queryText?: string;
  domain?: string;
  occurredAt?: string;
}

/** Payloads of all run events, by type. Members not listed here are kept and ignored. */
export interface RunEventMap {
  /** The API accepted a trigger, or queues the run again after its worker was lost. A worker may claim it. */
  'run.requested': {
    projectId: string;
    scope: string;
    steps: string[];
    definitionHash: string;
    params: JsonObject;
    attempt: number;
    runInputs?: RunInput[];
    quota?: QuotaBudget;
    /** Outputs of steps outside the scope, from an earlier run. */
    outputs?: StepOutputs;
    /** The live result, relative to DATA_DIR; absent before there is one. */
    currentResult?: string;
    /** Who requested the run again; absent in the first request of an attempt. */
    requestedBy?: string;
  };
  /** A worker started the run. `leaseSeconds` is the time within which it must send another event. */
  'run.started': { workerId: string; attempt: number; leaseSeconds?: number };
  /** The worker is alive and still executing the run. */
  'run.heartbeat': { workerId: string; attempt: number; leaseSeconds?: number };
  /** A step changed its status or made progress. */
  'run.progress': {
    attempt?: number;
    step?: string;
    stepStatus?: 'running' | 'completed' | 'failed' | 'skipped' | 'cancelled';
    exitCode?: number | null;
    stepAttempt?: ReportedStepAttempt;
    current?: number;
    total?: number;
    message?: string;
    metrics?: Record<string, number>;
    outputs?: Record<string, OutputValue>;
    /** Calls issued since the previous report. */
    quotaUsed?: number;
    artifacts?: ReportedArtifact[];
    stopping?: ReportedStopping;
  };
  /** Log lines. */
  'run.log': { attempt?: number; lines: LogLineInput[] };
  /** The run is completed, fully or partially; a partial run has a reason. */
  'run.completed': {
    attempt?: number;
    status?: 'completed' | 'partial';
    reason?: string;
    newJobsCount?: number;
    relevantCount?: number;
    persistedResults?: number;
    /** All calls of the attempt, including those already reported in `run.progress`. */
    issuedCalls?: number;
    zeroResults?: ReportedZeroResult[];
    metrics?: Record<string, number>;
    artifacts?: ReportedArtifact[];
    /** The result of the project: a file below the run's folder, or an uploaded artifact. */
    result?: { path: string };
    /** The result of the project: a file below DATA_DIR, for a worker on the machine of the server. */
    resultsDb?: string | null;
  };
  /** The run failed. */
  'run.failed': { attempt?: number; errorCode: string; message: string; step?: string; reason?: string };
  /** A stop was requested. The worker stops the run and confirms with `run.cancelled`. */
  'run.cancel.requested': { reason: string; requestedBy: string };
  /** The worker stopped the run, and none of its processes is alive. */
  'run.cancelled': { attempt?: number };
}

export type RunEventType = keyof RunEventMap;

export type RunEventOf<Type extends RunEventType> = {
  eventId: string;
  eventType: Type;
  eventVersion: 1;
  occurredAt: Instant;
  runId: string;
  payload: RunEventMap[Type];
};

/** A fact about a run, in the envelope shared by all events. */
export type RunEvent = { [Type in RunEventType]: RunEventOf<Type> }[RunEventType];

/** The envelope on the stream: strings only, with `payload` as JSON text. */
export interface StreamFields {
  eventId: string;
  eventType: string;
  eventVersion: string;
  occurredAt: string;
  runId: string;
  payload: string;
  /** Proves that the sender holds the lease. Only for attempts claimed over HTTP; see lease-proof.ts. */
  leaseProof?: string;
  /** Set on a redelivered rejected event, which came from outside. */
  redelivered?: string;
}

export function toStreamFields(event: RunEvent): StreamFields {
  return {
    eventId: event.eventId,
    eventType: event.eventType,
    eventVersion: String(event.eventVersion),
    occurredAt: event.occurredAt,
    runId: event.runId,
    payload: JSON.stringify(event.payload),
  };
}
