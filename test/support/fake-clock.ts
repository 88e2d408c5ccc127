import { Clock } from '../../src/clock/clock';

/** Two clocks that only a test moves: time passes on both, and the wall clock alone can be set. */
export class FakeClock extends Clock {
  private monotonic = 1000;

  constructor(private wallMs: number) {
    super();
  }

  override nowMs(): number {
    return this.wallMs;
  }

  override monotonicMs(): number {
    return this.monotonic;
  }

  /** Time passes. */
  pass(ms: number): void {
    this.monotonic += ms;
    this.wallMs += ms;
  }

  /** The wall clock is set forward, or back where `ms` is negative. */
  jump(ms: number): void {
    this.wallMs += ms;
  }
}
