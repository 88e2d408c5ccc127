import { Temporal } from '@js-temporal/polyfill';

/** A time in which the clocks of a zone do not change. */
export interface ZonePeriod {
  startMs: number;
  /** Exclusive: the start of the next period. */
  endMs: number;
  /** Local time minus UTC. */
  offsetMs: number;
  /** The offset right before the start. It is the same where only a new year begins. */
  previousOffsetMs: number;
}

/** By zone and year, for which Temporal needs about 1 ms. As many entries as there are zones and years in use. */
const YEARS = new Map<string, Map<number, ZonePeriod[]>>();

/** Returns the period of a zone that contains an instant. */
export function zonePeriodAt(timeZone: string, epochMs: number): ZonePeriod {
  const year = new Date(epochMs).getUTCFullYear();
  let years = YEARS.get(timeZone);
  if (years === undefined) YEARS.set(timeZone, (years = new Map()));
  let periods = years.get(year);
  if (periods === undefined) years.set(year, (periods = periodsOfYear(timeZone, year)));
  return periods.find(({ endMs }) => epochMs < endMs)!;
}

/** Periods end with the year, so that the search for changes of the clocks has an end in zones without any. */
function periodsOfYear(timeZone: string, year: number): ZonePeriod[] {
  const endOfYear = Date.UTC(year + 1, 0);
  const periods: ZonePeriod[] = [];
  let startMs = Date.UTC(year, 0);
  while (startMs < endOfYear) {
    const start = zoned(timeZone, startMs);
    const endMs = Math.min(
      start.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
      endOfYear,
    );
    const previousOffsetMs = zoned(timeZone, startMs - 1).offsetNanoseconds / 1e6;
    periods.push({ startMs, endMs, offsetMs: start.offsetNanoseconds / 1e6, previousOffsetMs });
    startMs = endMs;
  }
  return periods;
}

function zoned(timeZone: string, epochMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(timeZone);
}
