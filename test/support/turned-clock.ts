import { Clock, monotonicMs } from '../../src/clock/clock';
import { OverdueWatch } from '../../src/workers/overdue-watch';
import type { RunningApp } from './jobato';

/** The watch runs every second; a gap of more than 5 s would count as an outage. */
const STEP_SECONDS = 4;
/** A longer time passes in one step. */
const MAX_WATCHED_SECONDS = 3600;

/** Controls the clocks of an application in this process. */
export class TurnedClock {
  private monotonicMs = monotonicMs();

  constructor(
    private readonly jobato: RunningApp,
    public nowMs = Date.now(),
  ) {
    const clock = jobato.app.get(Clock);
    jest.spyOn(clock, 'nowMs').mockImplementation(() => this.nowMs);
    jest.spyOn(clock, 'monotonicMs').mockImplementation(() => this.monotonicMs);
  }

  /** Advances the time while the server watches for overdue runs. */
  async pass(seconds: number): Promise<void> {
    const watch = this.jobato.app.get(OverdueWatch);
    await watch.check();
    for (let left = seconds; left > 0;) {
      const step = seconds > MAX_WATCHED_SECONDS ? seconds : Math.min(left, STEP_SECONDS);
      this.nowMs += step * 1000;
      this.monotonicMs += step * 1000;
      await watch.check();
      left -= step;
    }
  }
}
