import { Injectable } from '@nestjs/common';

/** An instant as it is stored and sent: ISO-8601 in UTC with milliseconds, so that text order is time order. */
export type Instant = string;

/** The one source of "now", so that a test can turn it. */
@Injectable()
export class Clock {
  nowMs(): number {
    return Date.now();
  }

  now(): Instant {
    return toInstant(this.nowMs());
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
