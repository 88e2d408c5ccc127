import { Temporal } from '@js-temporal/polyfill';

/**
 * An independent source of due times for tests: it walks through every real minute of a span, and reads the clock of the
 * zone. It shares no code with src/cron. For years from 1970 on.
 */

/** The clock of a zone at each real minute. A span of two years has a million. */
export interface ClockWalk {
  startMs: number;
  /** Local minutes since 1970 by real minutes since the start. */
  local: Int32Array;
  /** The dates of the span, from the day before it to the day after. */
  dates: Temporal.PlainDate[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MONTHS = ' JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC';
const WEEKDAYS = 'SUNMONTUEWEDTHUFRISAT';

/** Reads the clock of a zone from one UTC date to another. */
export function walkClock(timeZone: string, from: string, until: string): ClockWalk {
  const startMs = Date.parse(from);
  const minutes = (Date.parse(until) - startMs) / MINUTE_MS;
  const local = new Int32Array(minutes);
  for (let hour = 0; hour < minutes; hour += 60) {
    const first = localMinute(timeZone, startMs + hour * MINUTE_MS);
    const last = localMinute(timeZone, startMs + (hour + 59) * MINUTE_MS);
    for (let minute = 0; minute < 60; minute += 1) {
      local[hour + minute] =
        last === first + 59 ? first + minute : localMinute(timeZone, startMs + (hour + minute) * MINUTE_MS);
    }
  }
  const dayBefore = Temporal.PlainDate.from(from.slice(0, 10)).subtract({ days: 1 });
  const dates = range(minutes / 1440 + 3).map((days) => dayBefore.add({ days }));
  return { startMs, local, dates };
}

/** Returns all due times of the walk in milliseconds, ascending. The expression must be valid, without nicknames. */
export function dueTimesOfWalk({ startMs, local, dates }: ClockWalk, expression: string): number[] {
  const fields = expression.trim().toUpperCase().split(/\s+/);
  const [second, minute, hour, day, month, weekday] = (fields.length === 6 ? fields : ['0', ...fields]) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const seconds = range(60).filter((value) => accepts(second, value, 59));
  const atMinute = range(60).map((value) => accepts(minute, value, 59));
  const atHour = range(24).map((value) => accepts(hour, value, 23));
  const followsClock = hour.includes('*') || hour.includes('/') || atHour.every(Boolean);
  const firstDay = Math.floor(startMs / DAY_MS) - 1;
  const onDay = dates.map((date) => acceptsDay(date, day, month, weekday));
  const atTime = range(1440).map((time) => atHour[Math.floor(time / 60)] && atMinute[time % 60]);
  const shows = (now: number) =>
    atTime[now % 1440] === true && onDay[Math.floor(now / 1440) - firstDay] === true;

  const due: number[] = [];
  let highest = local[0]! - 1;
  for (let index = 0; index < local.length; index += 1) {
    const now = local[index]!;
    const ms = startMs + index * MINUTE_MS;
    const isRepeated = now <= highest;
    let isSkipped = false;
    for (let skipped = highest + 1; skipped < now; skipped += 1) isSkipped ||= shows(skipped);
    highest = Math.max(highest, now);
    const isNow = shows(now) && (followsClock || !isRepeated);
    if (!followsClock && isSkipped && !(isNow && seconds[0] === 0)) due.push(ms);
    if (isNow) for (const value of seconds) due.push(ms + value * 1000);
  }
  return due;
}

function localMinute(timeZone: string, epochMs: number): number {
  const time = Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(timeZone);
  return (epochMs + time.offsetNanoseconds / 1e6) / MINUTE_MS;
}

function acceptsDay(date: Temporal.PlainDate, day: string, month: string, weekday: string): boolean {
  const isLast = date.day === date.daysInMonth && day.split(',').includes('L');
  const byDay = isLast || accepts(day, date.day, 31, 1);
  const byWeekday =
    accepts(weekday, date.dayOfWeek % 7, 6, 0, WEEKDAYS) ||
    (date.dayOfWeek === 7 && !weekday.includes('*') && accepts(weekday, 7, 7, 0, WEEKDAYS));
  const isEither = ![day, weekday].some((field) => field.includes('*'));
  return accepts(month, date.month, 12, 1, MONTHS) && (isEither ? byDay || byWeekday : byDay && byWeekday);
}

/** Returns whether one value is among those of a field. */
function accepts(field: string, value: number, max: number, min = 0, names = ''): boolean {
  const number = (text: string) =>
    /[A-Z]{3}/.test(text) ? Math.ceil(names.indexOf(text) / 3) : text === 'L' ? -1 : Number(text);
  return field.split(',').some((item) => {
    const [span = '', step = '1'] = item.split('/');
    const [from = '', to = from] = span === '*' ? [String(min), String(max)] : span.split('-');
    return value >= number(from) && value <= number(to) && (value - number(from)) % Number(step) === 0;
  });
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
