import { Temporal } from '@js-temporal/polyfill';

/** Temporal also accepts offsets, such as +01:00, and whole dates with a zone. */
const NAME = /^[A-Za-z][A-Za-z0-9_+/-]*$/;

/**
 * Returns the name of a time zone as the IANA database spells it, or null if it has no such zone. A name that is an alias
 * stays: Node replaces some, such as Asia/Kolkata, by an older one.
 */
export function timeZoneName(text: string): string | null {
  if (!NAME.test(text)) return null;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text).timeZoneId;
  } catch {
    return null;
  }
}
