const EVERY_MS = 1_000;
const AT_MOST_EVERY_MS = 5_000;
/** Checks may use at most one part in this many of the time. */
const IDLE_SHARE = 100;

/** Calls `look` about once a second and on request, never concurrently. */
export class PeriodicCheck {
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isClosed = false;

  /** @param look must not reject */
  constructor(private readonly look: () => Promise<void>) {}

  /** Resolves after the first check. */
  open(): Promise<void> {
    return this.repeat();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    if (this.timer) clearTimeout(this.timer);
    await this.next;
    await this.running;
  }

  /** Resolves after a check that begins after the call. All calls during one check share the next one. */
  now(): Promise<void> {
    if (this.next) return this.next; // not begun yet
    if (this.running === null) return this.begin();
    this.next = this.running.then(() => {
      this.next = null;
      return this.begin();
    });
    return this.next;
  }

  private begin(): Promise<void> {
    this.running = this.look().finally(() => (this.running = null));
    return this.running;
  }

  private async repeat(): Promise<void> {
    const startedMs = performance.now();
    await this.now();
    if (this.isClosed) return;
    const pauseMs = Math.min(AT_MOST_EVERY_MS, (performance.now() - startedMs) * IDLE_SHARE);
    this.timer = setTimeout(() => void this.repeat(), Math.max(EVERY_MS, pauseMs));
  }
}
