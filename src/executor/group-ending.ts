import type { StoppingCause } from '../events/run-event';
import { groupIsAlive, livingMembers, signalGroup } from './process-group';

/** Seconds between SIGTERM and SIGKILL. Less than the minimum grace period of a stop, in new-run.ts. */
export const KILL_AFTER_SECONDS = 10;
const LOOK_EVERY_MS = 25;
const LOOKS_PER_CLOSER_LOOK = 40;
/** Interval for checking which processes are still alive. */
const TELL_EVERY_MS = 1000;

/** The last signal sent to a process group, and its processes that are still alive. */
export interface EndingReport {
  cause: StoppingCause;
  signal: 'SIGTERM' | 'SIGKILL';
  /** Null if the system does not report it. */
  alive: { pid: number; name: string }[] | null;
}

/** Receives messages about the termination. */
export interface EndingOutput {
  /** Adds a line to the log. */
  remark(text: string): void;
  ending(report: EndingReport): void;
}

/** Sends SIGTERM to the whole group, and SIGKILL to the remaining processes later. Reports progress until then. */
export class GroupEnding {
  private killTimer: NodeJS.Timeout | null = null;
  private tellTimer: NodeJS.Timeout | null = null;
  private begun = false;
  private signal: EndingReport['signal'] | null = null;
  private told = '';

  constructor(
    private readonly groupId: number,
    private readonly output: EndingOutput,
  ) {}

  begin(cause: StoppingCause): void {
    if (this.begun) return;
    this.begun = true;
    this.output.remark(
      `SIGTERM sent to process group ${this.groupId}; SIGKILL follows in ${KILL_AFTER_SECONDS} s.`,
    );
    this.send('SIGTERM', cause);
    this.tellTimer = setInterval(() => this.tell(cause), TELL_EVERY_MS);
    this.killTimer = setTimeout(() => {
      if (this.send('SIGKILL', cause)) {
        this.output.remark(
          `SIGKILL sent to process group ${this.groupId}, because it did not end after SIGTERM.`,
        );
      }
    }, KILL_AFTER_SECONDS * 1000);
  }

  /** Resolves when no member is alive. Gives up on members that survive SIGKILL. */
  async done(): Promise<void> {
    const deadline = performance.now() + (KILL_AFTER_SECONDS + 5) * 1000;
    for (let looks = 1; signalGroup(this.groupId, 0) && performance.now() < deadline; looks++) {
      // Distinguishing zombies from live processes requires reading every process, so do it only occasionally.
      if (looks % LOOKS_PER_CLOSER_LOOK === 0 && !groupIsAlive(this.groupId)) return;
      await after(LOOK_EVERY_MS);
    }
  }

  cancelTimers(): void {
    if (this.killTimer) clearTimeout(this.killTimer);
    if (this.tellTimer) clearInterval(this.tellTimer);
  }

  private send(signal: EndingReport['signal'], cause: StoppingCause): boolean {
    const isThere = signalGroup(this.groupId, signal);
    if (!isThere) return false;
    this.signal = signal;
    this.tell(cause);
    return true;
  }

  /** Reports only changes, so that a slow group does not fill the run's history. */
  private tell(cause: StoppingCause): void {
    if (this.signal === null) return;
    const alive = livingMembers(this.groupId);
    const state = JSON.stringify([this.signal, alive]);
    if (state === this.told) return;
    this.told = state;
    this.output.ending({ cause, signal: this.signal, alive });
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
