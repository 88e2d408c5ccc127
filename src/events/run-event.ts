import type { Instant } from '../clock/clock';

export type JsonObject = { [member: string]: unknown };

/** One line of a step's output, as workers send it. `n` numbers the lines of an attempt: a seen one is dropped. */
export interface LogLineInput {
  n?: number;
  at?: Instant;
  stream?: 'stdout' | 'stderr' | 'system';
  step?: string;
  text: string;
}

export interface ReportedArtifact {
  name: string;
  /** Bytes. */
  size?: number;
}

/** Why a worker ends processes. */
export const STOPPING_CAUSES = [
  'stop-requested',
  'run-timed-out',
  'step-timed-out',
  'left-behind',
  'shutting-down',
] as const;
export type StoppingCause = (typeof STOPPING_CAUSES)[number];

/** How far a worker is with ending the processes of a step. */
export interface ReportedStopping {
  signal: 'SIGTERM' | 'SIGKILL';
  /** Absent means that a stop was asked for. */
  cause?: StoppingCause;
  sentAt?: Instant;
  /** When SIGKILL follows. */
  killAt?: Instant;
  /** How many processes are still alive, and the first of them. */
  aliveCount?: number;
  alive?: { pid: number; name: string }[];
}

/** One search that a run is asked to make. */
export interface RunInput {
  queryId: string;
  queryText: string;
  domain: string;
  /** `site:<domain> <text>` */
  searchQuery: string;
}

/** What a run may use of its project's quota, as it was when the attempt was asked for. */
export interface QuotaBudget {
  /** Calls. */
  remaining: number;
  /** How many calls may be under way at once. */
  concurrencyLimit: number;
}

/** A search that found nothing. */
export interface ZeroResult {
  queryText: string;
  domain: string;
  occurredAt: Instant;
}

/** Every event about a run, by type, with what it carries. Members that are not named here are kept and ignored. */
export interface RunEventMap {
  /** The API accepted a trigger, or gives the run to another worker after one was lost: a worker may claim it. */
  'run.requested': {
    projectId: string;
    scope: string;
    steps: string[];
    definitionHash: string;
    params: JsonObject;
    attempt: number;
    runInputs?: RunInput[];
    quota?: QuotaBudget;
    /** Who asked for it once more; absent in the first request of an attempt. */
    requestedBy?: string;
  };
  /** A worker began. With `leaseSeconds` it promises to be heard from within that time. */
  'run.started': { workerId: string; attempt: number; leaseSeconds?: number };
  /** The worker is alive and still on it. */
  'run.heartbeat': { workerId: string; attempt: number; leaseSeconds?: number };
  /** A step changed its status, or the work went on. */
  'run.progress': {
    attempt?: number;
    step?: string;
    stepStatus?: 'running' | 'completed' | 'failed' | 'skipped' | 'cancelled';
    exitCode?: number | null;
    current?: number;
    total?: number;
    message?: string;
    metrics?: Record<string, number>;
    /** Calls issued since this was last said. */
    quotaUsed?: number;
    artifacts?: ReportedArtifact[];
    stopping?: ReportedStopping;
  };
  /** Lines for the log. */
  'run.log': { attempt?: number; lines: LogLineInput[] };
  /** The work is done, or done in part and says why. */
  'run.completed': {
    attempt?: number;
    status?: 'completed' | 'partial';
    reason?: string;
    newJobsCount?: number;
    relevantCount?: number;
    persistedResults?: number;
    /** All calls of the attempt, those included that `run.progress` has told of. */
    issuedCalls?: number;
    zeroResults?: ZeroResult[];
    metrics?: Record<string, number>;
    artifacts?: ReportedArtifact[];
  };
  /** The work could not be done. */
  'run.failed': { attempt?: number; errorCode: string; message: string; step?: string; reason?: string };
  /** Someone asked for a stop: the worker ends the work and confirms with `run.cancelled`. */
  'run.cancel.requested': { reason: string; requestedBy: string };
  /** The worker has stopped, and nothing of the run is alive any more. */
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

/** A fact about a run, in the one envelope that all events share. */
export type RunEvent = { [Type in RunEventType]: RunEventOf<Type> }[RunEventType];

/** The envelope as it lies on the stream: flat strings, `payload` as JSON text. */
export interface StreamFields {
  eventId: string;
  eventType: string;
  eventVersion: string;
  occurredAt: string;
  runId: string;
  payload: string;
  /** Shows that the sender holds the lease; only of attempts that were claimed over HTTP. See lease-proof.ts. */
  leaseProof?: string;
  /** Set on an event that was on the list of rejected ones: it comes from outside. */
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
