/** Why an attempt is ended from outside: it is told as the reason of the abort signal. */
export type StopCause = 'stop-requested' | 'run-timed-out' | 'lost' | 'shutting-down';

/** What is carried out in a place of a worker. */
export interface Attempt {
  readonly runId: string;
  readonly projectId: string;
  /** Which attempt at the run this is. */
  readonly attempt: number;
  /** Resolves when nothing of it is alive and all of it is told. */
  carryOut(): Promise<void>;
  stop(cause: StopCause): void;
  /** Asks the server whether a stop is requested, and obeys. */
  checkStop(): void;
}
