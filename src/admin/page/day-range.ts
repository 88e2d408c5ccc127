import { Temporal } from '@js-temporal/polyfill';
import { isTimeZone } from '../../quota/quota-day';

/** The zone of days if the browser sends none. */
export const UTC = 'UTC';

/** Returns a day in the format of a date field, `2026-03-01`; null for all other text. */
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

/** Returns the last millisecond of a day, also where a day has 23 or 25 hours. */
export function endOfDayMs(day: string, zone: string): number {
  return startOfDayMs(Temporal.PlainDate.from(day).add({ days: 1 }).toString(), zone) - 1;
}
