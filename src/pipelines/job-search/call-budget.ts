/** No call is left. The step goes on with what it has, and the run ends partial. */
export class QuotaReached extends Error {
  constructor() {
    super('The quota is used up.');
    this.name = 'QuotaReached';
  }
}

/** Simultaneous calls without a quota. */
export const DEFAULT_CONCURRENCY = 4;

/**
 * Limits the calls of a step. A call is one HTTP request: the first try, a retry, a redirect and robots.txt count alike.
 *
 * A call is counted before it is issued. A process that is killed in between has counted one too many, and never one
 * too few.
 */
export class CallBudget {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param remaining calls that may be issued; null without a quota
   * @param count reports one call, and throws if the report cannot be delivered
   */
  constructor(
    private remaining: number | null,
    private readonly concurrency: number,
    private readonly count: () => void,
  ) {}

  get isUsedUp(): boolean {
    return this.remaining !== null && this.remaining <= 0;
  }

  /** @throws QuotaReached */
  async issue<T>(call: () => Promise<T>): Promise<T> {
    await this.acquireSlot();
    try {
      if (this.isUsedUp) throw new QuotaReached();
      this.count();
      if (this.remaining !== null) this.remaining--;
      return await call();
    } finally {
      this.releaseSlot();
    }
  }

  private async acquireSlot(): Promise<void> {
    if (this.active < this.concurrency) {
      this.active++;
      return;
    }
    // The slot is handed over, so that `active` stays the same.
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private releaseSlot(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.active--;
  }
}
