const MEBIBYTE = 1024 * 1024;

export interface LogBounds {
  /** Characters that the log of one run may have waiting. */
  perRun: number;
  /** Characters that all logs of this process may have waiting together. */
  inAll: number;
}

const BOUNDS: LogBounds = { perRun: 4 * MEBIBYTE, inAll: 64 * MEBIBYTE };

/** The memory of this process for log lines that wait to be stored, shared by all runs that it carries out. */
export class LogBudget {
  private used = 0;
  private onRelease: (() => void)[] = [];

  constructor(readonly bounds: LogBounds = BOUNDS) {}

  /** @param ofRun what the log of the run has waiting */
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

  /** Resolves at the next release or `wake`; whether there is room then is for the caller to see. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.onRelease.push(resolve));
  }

  wake(): void {
    for (const resolve of this.onRelease.splice(0)) resolve();
  }
}
