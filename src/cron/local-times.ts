import type { CronExpression } from './cron-expression';

/**
 * Times of the local clock are milliseconds as if the clock showed UTC. So a day always has 24 hours here, and
 * due-times.ts handles the changes of the clocks.
 */
const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;

/** Returns the first matching local time from the given one on. */
export function nextLocalTime(expression: CronExpression, fromMs: number): number {
  const day = dayOf(fromMs);
  if (matchesDay(expression, day)) {
    const second = nextSecondOfDay(expression, secondOfDay(fromMs));
    if (second !== null) return day * DAY_MS + second * 1000;
  }
  return nextDay(expression, day + 1) * DAY_MS + nextSecondOfDay(expression, 0)! * 1000;
}

/** Returns how many local times match from the first on and before the last. Takes time by the days between. */
export function countLocalTimes(expression: CronExpression, fromMs: number, beforeMs: number): number {
  if (fromMs >= beforeMs) return 0;
  const [firstDay, lastDay] = [dayOf(fromMs), dayOf(beforeMs)];
  const before = (day: number, second: number) =>
    matchesDay(expression, day) ? countBefore(expression, second) : 0;
  let days = 0;
  let day = nextDay(expression, firstDay);
  for (; day < lastDay; day = nextDay(expression, day + 1)) days += 1;
  return (
    days * countBefore(expression, DAY_SECONDS) +
    before(lastDay, secondOfDay(beforeMs)) -
    before(firstDay, secondOfDay(fromMs))
  );
}

function dayOf(localMs: number): number {
  return Math.floor(localMs / DAY_MS);
}

/** Rounds up to whole seconds; after the last second of a day it is 86,400. */
function secondOfDay(localMs: number): number {
  return Math.ceil((localMs - dayOf(localMs) * DAY_MS) / 1000);
}

function nextSecondOfDay({ hours, minutes, seconds }: CronExpression, from: number): number | null {
  const [hour, minute, second] = [Math.floor(from / 3600), Math.floor(from / 60) % 60, from % 60];
  if (hours.includes(hour)) {
    if (minutes.includes(minute)) {
      const next = seconds.find((value) => value >= second);
      if (next !== undefined) return hour * 3600 + minute * 60 + next;
    }
    const next = minutes.find((value) => value > minute);
    if (next !== undefined) return hour * 3600 + next * 60 + seconds[0]!;
  }
  const next = hours.find((value) => value > hour);
  return next === undefined ? null : next * 3600 + minutes[0]! * 60 + seconds[0]!;
}

/** Returns how many times of a day come before a second of it. */
function countBefore({ hours, minutes, seconds }: CronExpression, before: number): number {
  const [hour, minute, second] = [Math.floor(before / 3600), Math.floor(before / 60) % 60, before % 60];
  const below = (values: number[], limit: number) => values.filter((value) => value < limit).length;
  const inHour = hours.includes(hour) ? below(minutes, minute) * seconds.length : 0;
  const inMinute = hours.includes(hour) && minutes.includes(minute) ? below(seconds, second) : 0;
  return below(hours, hour) * minutes.length * seconds.length + inHour + inMinute;
}

/** Ends, because each expression matches a day: 29 February has each weekday at least every 40 years. */
function nextDay(expression: CronExpression, from: number): number {
  let day = from;
  while (!matchesDay(expression, day)) {
    const date = new Date(day * DAY_MS);
    day = expression.months.includes(date.getUTCMonth() + 1)
      ? day + 1
      : Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) / DAY_MS;
  }
  return day;
}

function matchesDay(expression: CronExpression, day: number): boolean {
  const { days, lastDay, months, weekdays, eitherDay } = expression;
  const date = new Date(day * DAY_MS);
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const byDay =
    days.includes(date.getUTCDate()) || (lastDay && new Date((day + 1) * DAY_MS).getUTCDate() === 1);
  const byWeekday = weekdays.includes(date.getUTCDay());
  return eitherDay ? byDay || byWeekday : byDay && byWeekday;
}
