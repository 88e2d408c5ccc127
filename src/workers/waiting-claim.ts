import type { RunEventOf } from '../events/run-event';
import type { Run } from '../runs/run';
import type { LeasedRun } from './run-claims';

/** A claimed run and the `run.requested` that describes it. */
export interface GrantedRun {
  run: LeasedRun;
  request: RunEventOf<'run.requested'>;
}

export interface ClaimRequest {
  workerId: string;
  /** The id to send again if the response is lost; null if the worker cannot repeat the claim. */
  claimId: string | null;
  /** Null: any project whose runs are claimable over HTTP. */
  projectIds: string[] | null;
  /** Null: any executor. */
  executor: Run['executor'] | null;
  waitSeconds: number;
  /** Aborted when the caller disconnects. */
  signal: AbortSignal;
}

/** A worker's claim that waits for a run. It ends with a run, with null, or with an error. */
export class WaitingClaim {
  readonly workerId: string;
  readonly claimId: string | null;
  private projectIds: ReadonlySet<string> | null;
  readonly executor: Run['executor'] | null;
  readonly outcome: Promise<GrantedRun | null>;
  /** A run is being claimed for it. The claim is not answered until that is decided. */
  isBeingServed = false;
  private wasSeen = false;
  private isOver: boolean;
  private isAnswered = false;
  private readonly signal: AbortSignal;
  private resolve: (granted: GrantedRun | null) => void = () => undefined;
  private reject: (reason: unknown) => void = () => undefined;
  private readonly timer: NodeJS.Timeout | null;

  constructor({ workerId, claimId, projectIds, executor, waitSeconds, signal }: ClaimRequest) {
    this.workerId = workerId;
    this.claimId = claimId;
    this.executor = executor;
    this.projectIds = projectIds && new Set(projectIds);
    this.signal = signal;
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.isOver = waitSeconds <= 0;
    this.timer = this.isOver ? null : setTimeout(this.endWaiting, waitSeconds * 1000);
    signal.addEventListener('abort', this.endWaiting);
    if (signal.aborted) this.endWaiting();
  }

  get isOpen(): boolean {
    return !this.isAnswered && !this.signal.aborted;
  }

  isFor({ projectId, executor }: Pick<Run, 'projectId' | 'executor'>): boolean {
    if (this.executor !== null && executor !== this.executor) return false;
    return this.projectIds === null || this.projectIds.has(projectId);
  }

  /** Answers the claim with a run. The claim must be open. */
  give(granted: GrantedRun): void {
    this.settle();
    this.resolve(granted);
  }

  fail(reason: unknown): void {
    if (this.isAnswered) return;
    this.settle();
    this.reject(reason);
  }

  /**
   * Notes that the waiting runs were checked for this claim. Even a claim with no waiting time is answered only after
   * that. Afterwards it keeps only projects that can have new runs, so that lists of invented names do not stay in
   * memory.
   */
  wasLookedAt(hasProject: (projectId: string) => boolean): void {
    if (!this.wasSeen && this.projectIds) this.projectIds = new Set([...this.projectIds].filter(hasProject));
    this.wasSeen = true;
    if (this.isOver) this.endWaiting();
  }

  /** Drops a claim that never waited. Its outcome never settles. */
  abandon(): void {
    this.settle();
  }

  readonly endWaiting = (): void => {
    this.isOver = true;
    if (this.isAnswered || this.isBeingServed || (!this.wasSeen && !this.signal.aborted)) return;
    this.settle();
    this.resolve(null);
  };

  private settle(): void {
    this.isAnswered = true;
    if (this.timer) clearTimeout(this.timer);
    this.signal.removeEventListener('abort', this.endWaiting);
  }
}
