import { Temporal } from '@js-temporal/polyfill';
import { type Instant, toInstant } from '../../clock/clock';
import { invalid, type JobatoError } from '../../http/problem-catalogue';
import { UTC, zoneOr } from './day-range';
import { textOrNull } from './form-answers';
import { type Notice, noticeOf } from './notice';

/** The values of a form that pauses schedules. A refused form keeps them. */
export interface PauseForm {
  reason: string;
  /** A local time in `zone`, as a field sends it: `2026-03-01T10:00`. */
  until: string;
  zone: string;
  isGiven: boolean;
}

export const EMPTY_PAUSE_FORM: PauseForm = { reason: '', until: '', zone: UTC, isGiven: false };

const MAX_REASON = 500;
const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;

export function pauseFormIn(body: unknown): PauseForm {
  const { reason, until, zone } = (body ?? {}) as Record<string, unknown>;
  return {
    reason: (textOrNull(reason) ?? '').slice(0, MAX_REASON),
    until: (textOrNull(until) ?? '').trim().slice(0, 40),
    zone: zoneOr(textOrNull(zone)),
    isGiven: true,
  };
}

/** @throws JobatoError VALIDATION */
export function pauseIn({ reason, until, zone }: PauseForm): {
  reason: string | null;
  until: Instant | null;
} {
  return { reason: reason.trim() || null, until: until === '' ? null : endOf(until, zone) };
}

function endOf(until: string, zone: string): Instant {
  try {
    if (!LOCAL_TIME.test(until)) throw new RangeError('not a local time');
    const local = Temporal.PlainDateTime.from(until, { overflow: 'reject' });
    return toInstant(local.toZonedDateTime(zone).epochMilliseconds);
  } catch {
    throw invalid([{ field: 'until', message: 'must be a date and a time, such as 2026-01-31T22:00' }]);
  }
}

/** Returns the notice of a refused pause, whose fields are those of this form. */
export function pauseNotice(error: JobatoError): Notice {
  const notice = noticeOf(error);
  const fields = notice.fields.map((field) => ({ ...field, href: '#pause-until', label: 'Until' }));
  return { ...notice, fields };
}
