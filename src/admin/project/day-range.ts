import { Temporal } from '@js-temporal/polyfill';
import { isTimeZone } from '../../quota/quota-day';

/** The zone that days are in where the browser has said nothing of its own. */
export const UTC = 'UTC';

/** A day as a date field gives it, `2026-03-01`; anything else is none. */
export function dayOrNull(text: string | null): string | null {
  if (text === null || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString();
  } catch {
    return null;
  }
}

export function zoneOr(text: string | null): string {
  return text !== null && text.length <= 64 && isTimeZone(text) ? text : UTC;
}

export function startOfDayMs(day: string, zone: string): number {
  return Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds;
}

/** The last millisecond of it, on days of any length. */
export function endOfDayMs(day: string, zone: string): number {
  return startOfDayMs(Temporal.PlainDate.from(day).add({ days: 1 }).toString(), zone) - 1;
}
