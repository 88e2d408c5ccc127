import { type CronExpression, parseCron } from './cron-expression';
import { countLocalTimes, nextLocalTime } from './local-times';
import { type ZonePeriod, zonePeriodAt } from './zone-periods';

/** A cron expression and the zone whose clocks it follows. */
export interface CronSchedule {
  expression: CronExpression;
  /** IANA name, such as Europe/Berlin. */
  timeZone: string;
}

/** Several due times as one: from `dueAt` to `until`, both due. */
export interface DueSpan {
  dueAtMs: number;
  untilMs: number;
  count: number;
}

/** Clocks were never set by more than a day. */
const LONGEST_SHIFT_MS = 2 * 86_400_000;

/** Returns the schedule of an expression that has been checked. Throws for any other. */
export function toCronSchedule(cron: string, timeZone: string): CronSchedule {
  const parsed = parseCron(cron);
  if ('flaw' in parsed) throw new Error(`"${cron}" ${parsed.flaw}`);
  return { expression: parsed.expression, timeZone };
}

/**
 * Returns the first due time after an instant, in milliseconds since 1970.
 *
 * When the clocks change, an expression with fixed hours is due once for each local time: for a repeated time, at the
 * first; for skipped ones, once for all of them, at the moment of the change. Any other expression is due whenever the
 * clock shows a matching time, so `0 * * * *` is due in a repeated hour too, and never for a skipped one.
 */
export function nextDue(schedule: CronSchedule, afterMs: number): number {
  let period = zonePeriodAt(schedule.timeZone, nextSecond(afterMs));
  for (;;) {
    const { startMs, endMs, offsetMs } = period;
    const local = nextLocalTime(schedule.expression, firstLocalTime(schedule.expression, period, afterMs));
    // A skipped time is before the first time of the period.
    const due = Math.max(startMs, local - offsetMs);
    if (due < endMs) return due;
    const next = zonePeriodAt(schedule.timeZone, endMs);
    // A clock that is set back repeats local times, which may match. No other time before that one does.
    const repeats = next.offsetMs < offsetMs;
    period = repeats ? next : zonePeriodAt(schedule.timeZone, Math.max(endMs, due - LONGEST_SHIFT_MS));
  }
}

/** Yields the due times after the first instant, up to and including the last. There may be millions. */
export function* dueBetween(schedule: CronSchedule, afterMs: number, untilMs: number): Generator<number> {
  for (let due = nextDue(schedule, afterMs); due <= untilMs; due = nextDue(schedule, due)) yield due;
}

/** Returns how many times are due after the first instant, up to and including the last, without visiting each. */
export function countDue(schedule: CronSchedule, afterMs: number, untilMs: number): number {
  const { expression, timeZone } = schedule;
  let count = 0;
  let fromMs = nextSecond(afterMs);
  while (fromMs <= untilMs) {
    const period = zonePeriodAt(timeZone, fromMs);
    const { startMs, endMs, offsetMs } = period;
    const first = firstLocalTime(expression, period, afterMs);
    const start = startMs + offsetMs;
    const beforeMs = Math.min(endMs, nextSecond(untilMs));
    count += countLocalTimes(expression, Math.max(first, start), beforeMs + offsetMs);
    // Skipped times are due at the start of the period, which may be due itself.
    const skipped = first < start && nextLocalTime(expression, first) < start;
    if (skipped && nextLocalTime(expression, start) !== start) count += 1;
    fromMs = endMs;
  }
  return count;
}

/**
 * Returns the newest due times after the first instant, up to and including the last, in ascending order, and all
 * older ones as one span. Takes time by the limit and by the days of the span, not by the number of due times.
 */
export function newestDue(
  schedule: CronSchedule,
  afterMs: number,
  untilMs: number,
  limit: number,
): { older: DueSpan | null; newest: number[] } {
  const count = countDue(schedule, afterMs, untilMs);
  if (count <= limit) return { older: null, newest: [...dueBetween(schedule, afterMs, untilMs)] };
  const lastOlderMs = lastBeforeNewest(schedule, afterMs, untilMs, limit);
  return {
    older: { dueAtMs: nextDue(schedule, afterMs), untilMs: lastOlderMs, count: count - limit },
    newest: [...dueBetween(schedule, lastOlderMs, untilMs)],
  };
}

/** Returns the due time after which exactly `limit` are due. There must be more than `limit`. */
function lastBeforeNewest(schedule: CronSchedule, afterMs: number, untilMs: number, limit: number): number {
  const tooMany = (ms: number) => countDue(schedule, ms, untilMs) > limit;
  let few = nextSecond(untilMs);
  let many = few;
  for (let reach = (limit + 1) * 1000; !tooMany(many); reach *= 2) {
    few = many;
    many = Math.max(many - reach, nextSecond(afterMs) - 1000);
  }
  while (few - many > 1000) {
    const middle = many + Math.floor((few - many) / 2000) * 1000;
    if (tooMany(middle)) many = middle;
    else few = middle;
  }
  return few;
}

/** Returns the local time from which a period has due times after an instant. */
function firstLocalTime(expression: CronExpression, period: ZonePeriod, afterMs: number): number {
  const { startMs, offsetMs, previousOffsetMs } = period;
  // The end of the previous period on its clock: later times are new, and those between are skipped ones.
  const start = startMs + (expression.fixedHours ? previousOffsetMs : offsetMs);
  return afterMs < startMs ? start : Math.max(start, nextSecond(afterMs) + offsetMs);
}

function nextSecond(epochMs: number): number {
  return (Math.floor(epochMs / 1000) + 1) * 1000;
}
