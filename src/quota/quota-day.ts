import { Temporal } from '@js-temporal/polyfill';
import { type Instant, toInstant } from '../clock/clock';

/** The quota resets daily at this hour, local time of this zone. */
export interface ResetPolicy {
  /** IANA name, such as Europe/Berlin. */
  timeZone: string;
  /** 0 to 23 */
  resetHour: number;
}

export interface QuotaDay {
  /** The date on which it began, in the policy's zone: 2026-03-29. */
  day: string;
  startsAt: Instant;
  /** Start of the next day; exclusive. */
  endsAt: Instant;
}

/**
 * Returns the quota day that contains an instant. If the clocks skip the reset hour, the day starts at the moment of
 * the change. If the hour occurs twice, the first one counts. Days have no gaps, and those with a clock change are
 * shorter or longer than 24 hours.
 */
export function quotaDayAt(instant: Instant, policy: ResetPolicy): QuotaDay {
  const epochMs = Date.parse(instant);
  let date = Temporal.Instant.fromEpochMilliseconds(epochMs)
    .toZonedDateTimeISO(policy.timeZone)
    .toPlainDate();
  let startsMs = startMs(date, policy);
  if (epochMs < startsMs) {
    // Before the reset of its date, the instant belongs to the previous day.
    date = date.subtract({ days: 1 });
    startsMs = startMs(date, policy);
  }
  return {
    day: date.toString(),
    startsAt: toInstant(startsMs),
    endsAt: toInstant(startMs(date.add({ days: 1 }), policy)),
  };
}

export function isTimeZone(name: string): boolean {
  try {
    Temporal.Now.zonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

function startMs(date: Temporal.PlainDate, { timeZone, resetHour }: ResetPolicy): number {
  return date.toPlainDateTime({ hour: resetHour }).toZonedDateTime(timeZone).epochMilliseconds;
}

/** Caches the latest day: most instants are in it, and evaluating the rules of a zone is expensive. */
export class QuotaCalendar {
  private latest: QuotaDay | null = null;

  constructor(private readonly policy: ResetPolicy) {}

  dayAt(instant: Instant): QuotaDay {
    if (this.latest === null || instant < this.latest.startsAt || instant >= this.latest.endsAt) {
      this.latest = quotaDayAt(instant, this.policy);
    }
    return this.latest;
  }
}
