import { Injectable } from '@nestjs/common';
import { Clock, toInstant } from '../clock/clock';
import { RetentionStateRepository } from './retention-state.repository';
import { TrustedTime } from './trusted-time';

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
    const { trustedAt } = await this.state.get();
    return new TrustedTime(Date.parse(trustedAt), this.clock.nowMs(), this.clock.monotonicMs());
  }
}
