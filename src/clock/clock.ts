import { Injectable } from '@nestjs/common';
import { BOOT_ID } from './boot-id';

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
  /** Identifies the boot of the machine, and with it the origin of `monotonicMs`; null if the system has no such id. */
  readonly bootId: string | null = BOOT_ID;
  private readonly startedAtMs = Date.now() - monotonicMs();

  nowMs(): number {
    return Date.now();
  }

  now(): Instant {
    return toInstant(this.nowMs());
  }

  /** Returns `monotonicMs()`. */
  monotonicMs(): number {
    return monotonicMs();
  }

  /**
   * Epoch milliseconds of a clock that is never set: the wall clock at process start, plus the time since. For ages
   * and expiry of data with an epoch time that survives a restart. Not for display.
   */
  steadyMs(): number {
    return Math.floor(this.startedAtMs + this.monotonicMs());
  }
}

/**
 * Milliseconds of a clock that is never set, for intervals. Only differences are meaningful. On Linux it is
 * CLOCK_MONOTONIC: all processes of one boot read the same clock. It stops while the machine is suspended, as timers do.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
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
