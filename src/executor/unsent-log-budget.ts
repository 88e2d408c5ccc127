const MEBIBYTE = 1024 * 1024;

export interface LogBounds {
  /** Maximum characters waiting in the log of one run. */
  perRun: number;
  /** Maximum characters waiting in all logs of this process together. */
  inAll: number;
}

const BOUNDS: LogBounds = { perRun: 4 * MEBIBYTE, inAll: 64 * MEBIBYTE };

/** Memory budget of this process for log lines waiting to be stored. Shared by all its runs. */
export class UnsentLogBudget {
  private used = 0;
  private onRelease: (() => void)[] = [];

  constructor(readonly bounds: LogBounds = BOUNDS) {}

  /** @param ofRun characters waiting in the log of the run */
  isUsedUp(ofRun: number): boolean {
    return ofRun >= this.bounds.perRun || this.used >= this.bounds.inAll;
  }

  take(characters: number): void {
    this.used += characters;
  }

  release(characters: number): void {
    this.used -= characters;
    this.wake();
  }

  /** Resolves at the next release or `wake`. The caller must check whether there is room. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.onRelease.push(resolve));
  }

  wake(): void {
    for (const resolve of this.onRelease.splice(0)) resolve();
  }
}
