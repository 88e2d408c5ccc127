import type { QuotaBudget } from '../events/run-event';

interface Share {
  calls: number;
  concurrent: number;
  used: number;
}

/**
 * Divides the quota of a run among its steps, so that steps side by side never exceed it together. A step that runs
 * alone gets all of it. What a step leaves returns when it ends.
 */
export class QuotaShares {
  private used = 0;
  private readonly running = new Map<string, Share>();

  constructor(private readonly budget: QuotaBudget | null) {}

  /** How many steps may run side by side: each needs at least one concurrent call. */
  mostAtOnce(parallel: number): number {
    return this.budget === null ? parallel : Math.max(1, Math.min(parallel, this.budget.concurrencyLimit));
  }

  /**
   * Returns the budget of a step that starts now; null without a quota.
   * @param peers how many steps could still start beside it
   */
  give(step: string, peers: () => number): QuotaBudget | null {
    if (this.budget === null) return null;
    const shares = [...this.running.values()];
    // A step may have used more than its share.
    const reserved = shares.reduce((sum, { calls, used }) => sum + Math.max(0, calls - used), 0);
    const concurrent = shares.reduce((sum, share) => sum + share.concurrent, 0);
    const parts = 1 + peers();
    const share = {
      calls: Math.max(0, Math.floor((this.budget.remaining - this.used - reserved) / parts)),
      concurrent: Math.max(1, Math.floor((this.budget.concurrencyLimit - concurrent) / parts)),
      used: 0,
    };
    this.running.set(step, share);
    return { remaining: share.calls, concurrencyLimit: share.concurrent };
  }

  /** Counts calls that a step has reported. */
  count(step: string, calls: number): void {
    this.used += calls;
    const share = this.running.get(step);
    if (share) share.used += calls;
  }

  /** The step has ended. */
  end(step: string): void {
    this.running.delete(step);
  }
}
