import type { LogLineInput, RunEvent } from '../events/run-event';
import type { ProjectDefinition } from '../projects/project';
import type { Artifact, Run, StepState } from '../runs/run';

/** The data of a run that a worker needs to execute it. */
export interface AssignedRun extends Pick<
  Run,
  | 'runId'
  | 'projectId'
  | 'scope'
  | 'attempt'
  | 'leaseToken'
  | 'runInputs'
  | 'quota'
  | 'earlierOutputs'
  | 'currentResult'
> {
  /** With the values of secrets. */
  params: Run['params'];
  steps: Pick<StepState, 'name'>[];
}

/** One attempt at a run, and the definition to execute. */
export interface Assignment {
  run: AssignedRun;
  definition: ProjectDefinition;
  /**
   * Milliseconds between the start of the run and the claim, by the server's clock: the clocks of two machines may
   * differ.
   */
  elapsedMs: number;
}

/** State of an attempt, for the worker that holds or held it. */
export interface Standing {
  stillHeld: boolean;
  stopRequested: boolean;
}

/** An event that the server rejects permanently. */
export interface RejectedEvent {
  event: RunEvent;
  reason: string;
}

/** Identifies an attempt, and proves that this worker holds it. */
export type AttemptKey = Pick<Run, 'runId' | 'attempt' | 'leaseToken'>;

/** Result of appending log lines. */
export interface LogAnswer {
  /** Whether the server would store more lines. */
  accepting: boolean;
  /** Lines lost because the server refused them; absent if it stored all lines. */
  refused?: { lines: number; reason: string };
}

/** The server, as seen by a worker that executes a run. It is either the worker's own process or a remote server. */
export interface ControlPlane {
  readonly heartbeatEveryMs: number;

  /** Sends a heartbeat, which renews the lease, and returns the state of the attempt. */
  heartbeat(attempt: AttemptKey): Promise<Standing>;

  /** Returns whether the attempt is still held and whether a stop is requested. Publishes no event. */
  standing(attempt: AttemptKey): Promise<Standing>;

  /** Whether `publish` returns rejected events. Events sent over the stream are validated later. */
  readonly learnsRejections: boolean;

  /**
   * Publishes events of the run. After a failure their outcome is unknown, so the caller publishes the same events
   * again.
   * @returns the events that were permanently rejected
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

  /**
   * Returns the path of a live result on this machine; null if it is no longer kept.
   * @param file relative to the server's DATA_DIR
   */
  currentResult(attempt: AttemptKey, file: string, stop: AbortSignal): Promise<string | null>;

  /** Makes a file that the end of the run offers as a result available to the server. @throws Error with the reason */
  storeResult(attempt: AttemptKey, path: string, stop: AbortSignal): Promise<void>;

  /**
   * Completes an attempt after all its events are published. `end` is the final event, or null if this worker does not
   * end the run.
   */
  finished(attempt: AttemptKey, end: RunEvent | null): Promise<void>;

  /** Hands back an attempt that the shutdown of the worker interrupted. */
  handBack(attempt: AttemptKey): Promise<void>;
}
