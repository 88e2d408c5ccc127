import { Injectable } from '@nestjs/common';

/** An instant as it is stored and sent: ISO-8601 in UTC with milliseconds, so that text order is time order. */
export type Instant = string;

/**
 * The one source of time, so that a test can set it.
 *
 * `nowMs` and `now` are the wall clock, for what people read and for calendar rules. An administrator or NTP may set it
 * at any moment, so no decision may rest on the difference of two of its readings.
 */
@Injectable()
export class Clock {
  private readonly startedAtMs = Date.now() - performance.now();

  nowMs(): number {
    return Date.now();
  }

  now(): Instant {
    return toInstant(this.nowMs());
  }

  /** Milliseconds that pass evenly while the wall clock is set, for intervals. Only differences have a meaning. */
  monotonicMs(): number {
    return performance.now();
  }

  /**
   * Epoch milliseconds that pass evenly: the wall clock as it was when this process started, plus the time since. For
   * ages and expiry of what carries an epoch time across a restart; not for display.
   */
  steadyMs(): number {
    return Math.floor(this.startedAtMs + this.monotonicMs());
  }
}

export function toInstant(epochMs: number): Instant {
  return new Date(epochMs).toISOString();
}

export function plusSeconds(instant: Instant, seconds: number): Instant {
  return toInstant(Date.parse(instant) + seconds * 1000);
}

/** Never below 0: clocks of two machines may disagree. */
export function elapsedMs(from: Instant, to: Instant): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
