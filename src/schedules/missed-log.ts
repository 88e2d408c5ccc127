import type { Logger } from '@nestjs/common';

const GATHER_MS = 1_000;

/** Logs missed due times as one line for all schedules, because an outage affects many. */
export class MissedLog {
  private schedules = 0;
  private dueTimes = 0;

  constructor(private readonly logger: Logger) {}

  add(dueTimes: number): void {
    if (this.schedules === 0) setTimeout(() => this.flush(), GATHER_MS).unref();
    this.schedules += 1;
    this.dueTimes += dueTimes;
  }

  private flush(): void {
    this.logger.warn(`Missed ${this.dueTimes} due times of ${this.schedules} schedules`);
    this.schedules = 0;
    this.dueTimes = 0;
  }
}
