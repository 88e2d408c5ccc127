import type { LogLineInput, RunEvent } from '../events/run-event';
import type { ProjectDefinition } from '../projects/project';
import type { Artifact, Run, StepState } from '../runs/run';

/** What a worker has to know of a run to carry it out. */
export interface AssignedRun extends Pick<
  Run,
  'runId' | 'projectId' | 'scope' | 'attempt' | 'leaseToken' | 'params' | 'runInputs' | 'quota'
> {
  steps: Pick<StepState, 'name'>[];
}

/** One attempt at a run, and the definition by which it is carried out. */
export interface Assignment {
  run: AssignedRun;
  definition: ProjectDefinition;
  /** How long ago the run started when it was claimed, by the server: clocks of two machines may disagree. */
  elapsedMs: number;
}

/** How things stand for the one who holds, or held, an attempt. */
export interface Standing {
  stillHeld: boolean;
  stopRequested: boolean;
}

/** An event that the server will not take, however often it is sent. */
export interface RejectedEvent {
  event: RunEvent;
  reason: string;
}

/** Names an attempt, and proves that this worker holds it. */
export type AttemptKey = Pick<Run, 'runId' | 'attempt' | 'leaseToken'>;

/** What became of log lines. */
export interface LogAnswer {
  /** Whether more lines would be kept. */
  accepting: boolean;
  /** Lines that are lost because the server refused them; absent where all are kept. */
  refused?: { lines: number; reason: string };
}

/**
 * Whoever decides about runs, as a worker that carries one out sees it: the server that the worker is a part of, or
 * one that it calls.
 */
export interface ControlPlane {
  readonly heartbeatEveryMs: number;

  /** Says that the worker is at it, which keeps the lease, and learns how the attempt stands. */
  heartbeat(attempt: AttemptKey): Promise<Standing>;

  /** Asks whether the attempt is still held and whether a stop is requested, without publishing anything. */
  standing(attempt: AttemptKey): Promise<Standing>;

  /** Whether `publish` learns what the server rejects; events that go by the stream are judged later. */
  readonly learnsRejections: boolean;

  /**
   * Publishes what became of the run. A failure means "unknown": the same events are published again.
   * @returns the events that were rejected for good
   */
  publish(attempt: AttemptKey, events: RunEvent[]): Promise<RejectedEvent[]>;

  /** @param firstNumber of the lines, counted from 1 within the attempt: the same lines may be sent again */
  appendLog(attempt: AttemptKey, lines: LogLineInput[], firstNumber: number): Promise<LogAnswer>;

  /**
   * Makes a file of the run's folder available to readers.
   * @param stop ends all tries
   * @throws Error with the reason why it is missing from the run
   */
  storeArtifact(attempt: AttemptKey, artifact: Artifact, stop: AbortSignal): Promise<void>;

  /** All of the attempt is told; `end` is how it ended, null where that is for others to say. */
  finished(attempt: AttemptKey, end: RunEvent | null): Promise<void>;

  /** The attempt was cut off by the worker's own end. */
  handBack(attempt: AttemptKey): Promise<void>;
}
