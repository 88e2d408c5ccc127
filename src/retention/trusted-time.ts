/** How far the clock may have moved on since the last process without a doubt: a machine may be off for a weekend. */
export const UNDOUBTED_GAP_MS = 3 * 24 * 60 * 60 * 1000;
/** A clock that was set forward is believed after it has been like that for so long. */
const BELIEVED_AFTER_MS = 24 * 60 * 60 * 1000;
/** Observations closer to each other than this are one. */
const RESOLUTION_MS = 10 * 60 * 1000;

/**
 * A clock that deletes nothing too early. It follows the wall clock back at once, and forward only after a day: a clock
 * that someone or a broken battery has set to another year must not make all runs look old. Time that the machine sleeps
 * counts as set forward. Pure.
 */
export class TrustedTime {
  /** Differences between the wall clock and the monotonic clock. Each is smaller than the next. */
  private samples: { atMs: number; offsetMs: number }[] = [];

  /**
   * @param lastMs the time that the last process trusted, in epoch milliseconds
   * @param wallMs the wall clock, in epoch milliseconds
   * @param monotonicMs a clock that is never set
   * @param aheadForMs for how long the wall clock was ahead in earlier processes
   */
  constructor(lastMs: number, wallMs: number, monotonicMs: number, aheadForMs = 0) {
    const isDoubted = wallMs - lastMs > UNDOUBTED_GAP_MS;
    this.samples.push({
      atMs: isDoubted ? monotonicMs - aheadForMs : monotonicMs,
      offsetMs: (isDoubted ? lastMs : wallMs) - monotonicMs,
    });
  }

  /** Returns the trusted time in epoch milliseconds. Call it at least once an hour. */
  observe(wallMs: number, monotonicMs: number): number {
    const offsetMs = wallMs - monotonicMs;
    this.samples = this.samples.filter(
      (sample) => sample.atMs > monotonicMs - BELIEVED_AFTER_MS && sample.offsetMs < offsetMs,
    );
    const last = this.samples.at(-1);
    if (!last || monotonicMs - last.atMs >= RESOLUTION_MS) this.samples.push({ atMs: monotonicMs, offsetMs });
    return Math.floor(this.samples[0]!.offsetMs + monotonicMs);
  }

  /** Returns the time that will be trusted after this many milliseconds, if no clock is set until then. */
  predict(wallMs: number, monotonicMs: number, inMs: number): number {
    this.observe(wallMs, monotonicMs);
    const thenMs = monotonicMs + inMs;
    const oldest = this.samples.find(({ atMs }) => atMs > thenMs - BELIEVED_AFTER_MS);
    return Math.floor((oldest?.offsetMs ?? wallMs - monotonicMs) + thenMs);
  }

  /**
   * Returns for how long the wall clock has been ahead of the trusted time, in milliseconds; 0 if it is not. Counts from
   * the last sample before it was set, of which the oldest may be a day older.
   */
  aheadForMs(wallMs: number, monotonicMs: number): number {
    if (!this.isAhead(wallMs, monotonicMs)) return 0;
    const offsetMs = wallMs - monotonicMs;
    const behind = this.samples.filter((sample) => offsetMs - sample.offsetMs > UNDOUBTED_GAP_MS);
    return monotonicMs - behind.at(-1)!.atMs;
  }

  /** Whether the wall clock is ahead of the trusted time for a longer time than any delay explains. */
  isAhead(wallMs: number, monotonicMs: number): boolean {
    return wallMs - this.observe(wallMs, monotonicMs) > UNDOUBTED_GAP_MS;
  }
}
