import { Clock } from '../../src/clock/clock';

/** A wall clock and a monotonic clock controlled by the test. Time passes on both; only the wall clock can be set. */
export class FakeClock extends Clock {
  override bootId: string | null = 'boot-1';
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

  /** Advances both clocks. */
  pass(ms: number): void {
    this.monotonic += ms;
    this.wallMs += ms;
  }

  /** Boots the machine again: the monotonic clock starts again. */
  reboot(): void {
    this.bootId += '-again';
    this.monotonic = 1000;
  }

  /** Sets the wall clock forward, or back if `ms` is negative. */
  jump(ms: number): void {
    this.wallMs += ms;
  }
}
