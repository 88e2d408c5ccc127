import { Temporal } from '@js-temporal/polyfill';
import { type Instant, toInstant } from '../clock/clock';

/** When the quota begins anew: each day at this hour, as the clocks of this zone show it. */
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
  /** When the next one starts; no longer of this day. */
  endsAt: Instant;
}

/**
 * The quota day that an instant is in. An hour that the clocks skip is taken for the moment at which they show what
 * comes after it; of an hour that they show twice the first one counts. So days follow each other without a gap, and
 * those on which the clocks change are shorter or longer than 24 hours.
 */
export function quotaDayAt(instant: Instant, policy: ResetPolicy): QuotaDay {
  const epochMs = Date.parse(instant);
  let date = Temporal.Instant.fromEpochMilliseconds(epochMs)
    .toZonedDateTimeISO(policy.timeZone)
    .toPlainDate();
  // Before the reset of its date, an instant is still in the day before.
  if (epochMs < startMs(date, policy)) date = date.subtract({ days: 1 });
  return {
    day: date.toString(),
    startsAt: toInstant(startMs(date, policy)),
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

/** Most instants are of the day that was asked for last, and a look at a zone's rules is costly. */
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
