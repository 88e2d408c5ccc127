import type { RunEventOf } from '../events/run-event';
import type { Run } from '../runs/run';

export interface ClaimRequest {
  workerId: string;
  /** Null: any that workers elsewhere may take. */
  projectIds: string[] | null;
  waitSeconds: number;
  /** Aborted when the caller is gone. */
  signal: AbortSignal;
}

/** A worker's question for a run, until it is answered: by a run, by the end of its time, or not at all. */
export class WaitingClaim {
  readonly workerId: string;
  readonly projectIds: ReadonlySet<string> | null;
  readonly outcome: Promise<RunEventOf<'run.requested'> | null>;
  /** A run is being claimed for it: it is not answered before that is decided. */
  isBeingServed = false;
  private wasSeen = false;
  private isOver: boolean;
  private isAnswered = false;
  private readonly signal: AbortSignal;
  private resolve: (request: RunEventOf<'run.requested'> | null) => void = () => undefined;
  private reject: (reason: unknown) => void = () => undefined;
  private readonly timer: NodeJS.Timeout | null;

  constructor({ workerId, projectIds, waitSeconds, signal }: ClaimRequest) {
    this.workerId = workerId;
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

  isFor(run: Pick<Run, 'projectId' | 'executor'>, executors: Run['executor'][]): boolean {
    return this.projectIds ? this.projectIds.has(run.projectId) : executors.includes(run.executor);
  }

  /** @returns false if nobody is there any more to take it */
  give(request: RunEventOf<'run.requested'>): boolean {
    if (!this.isOpen) return false;
    this.settle();
    this.resolve(request);
    return true;
  }

  fail(reason: unknown): void {
    if (this.isAnswered) return;
    this.settle();
    this.reject(reason);
  }

  /** Even one that does not wait is answered only after somebody has looked for a run. */
  wasLookedAt(): void {
    this.wasSeen = true;
    if (this.isOver) this.endWaiting();
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
