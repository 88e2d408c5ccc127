import { Injectable } from '@nestjs/common';
import { Clock, toInstant } from '../clock/clock';
import type { PassRecord } from './retention.entities';
import { RetentionStateRepository } from './retention-state.repository';
import { TrustedTime, UNDOUBTED_GAP_MS } from './trusted-time';

/** The time by which runs are old. It survives a restart, so that no start believes a wrong clock. */
@Injectable()
export class RetentionClock {
  private time: Promise<TrustedTime> | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly state: RetentionStateRepository,
  ) {}

  /** Returns epoch milliseconds. */
  async nowMs(): Promise<number> {
    return (await this.trusted()).observe(this.clock.nowMs(), this.clock.monotonicMs());
  }

  /** Returns what `nowMs` will return after this many milliseconds. */
  async predictMs(inMs: number): Promise<number> {
    return (await this.trusted()).predict(this.clock.nowMs(), this.clock.monotonicMs(), inMs);
  }

  /** Returns for how long the clock has been doubted, in milliseconds of running; 0 if it is not. */
  async doubtedForMs(): Promise<number> {
    return (await this.trusted()).aheadForMs(this.clock.nowMs(), this.clock.monotonicMs());
  }

  /** Whether the clock of the machine was set forward so far that runs look older than they are. */
  async isClockDoubted(): Promise<boolean> {
    return (await this.trusted()).isAhead(this.clock.nowMs(), this.clock.monotonicMs());
  }

  /** Records the trusted time for the next process. */
  async store(): Promise<void> {
    await this.state.storeTrustedTime(toInstant(await this.nowMs()));
  }

  private trusted(): Promise<TrustedTime> {
    this.time ??= this.begin().catch((error: unknown) => {
      this.time = null;
      throw error;
    });
    return this.time;
  }

  private async begin(): Promise<TrustedTime> {
    const { trustedAt, lastPass } = await this.state.get();
    const nowMs = this.clock.nowMs();
    return new TrustedTime(
      Date.parse(trustedAt),
      nowMs,
      this.clock.monotonicMs(),
      lastPass === null ? 0 : earlierDoubtMs(lastPass, nowMs),
    );
  }
}

/**
 * A machine that is off every night would otherwise begin to doubt at each start. A clock that was set again since then
 * is doubted from the beginning.
 */
function earlierDoubtMs({ startedAt, clockDoubtedForMs = 0 }: PassRecord, nowMs: number): number {
  const sinceMs = nowMs - Date.parse(startedAt);
  return sinceMs >= 0 && sinceMs <= UNDOUBTED_GAP_MS ? clockDoubtedForMs : 0;
}
