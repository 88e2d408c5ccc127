/** Why an attempt is stopped from outside. Also the reason of the signals to its steps. */
export type StopCause = 'stop-requested' | 'run-timed-out' | 'lost' | 'shutting-down';

/** An attempt at a run, executed in a slot of a worker. */
export interface Attempt {
  readonly runId: string;
  readonly projectId: string;
  /** Number of this attempt at the run. */
  readonly attempt: number;
  /** Resolves when no process of the attempt is alive and all its events are published. */
  carryOut(): Promise<void>;
  stop(cause: StopCause): void;
  /** Asks the server whether a stop is requested, and stops if so. */
  checkStop(): void;
}
