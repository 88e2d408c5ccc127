import { Injectable } from '@nestjs/common';

/** A stored or sent instant: ISO 8601 in UTC with milliseconds, so that text order is time order. */
export type Instant = string;

/**
 * The only source of time, so that tests can set it.
 *
 * `nowMs` and `now` are the wall clock, for display and for calendar rules. An administrator or NTP may set it at any
 * time, so no decision may depend on the difference of two readings.
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

  /** Milliseconds of a clock that is never set, for intervals. Only differences are meaningful. */
  monotonicMs(): number {
    return performance.now();
  }

  /**
   * Epoch milliseconds of a clock that is never set: the wall clock at process start, plus the time since. For ages
   * and expiry of data with an epoch time that survives a restart. Not for display.
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

/** Returns milliseconds; 0 if negative, because the clocks of two machines may differ. */
export function elapsedMs(from: Instant, to: Instant): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
