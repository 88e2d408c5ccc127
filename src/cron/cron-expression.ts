/** The times of a cron expression, as values of the local clock. All lists ascend. */
export interface CronExpression {
  seconds: number[];
  minutes: number[];
  hours: number[];
  /** 1 to 31. */
  days: number[];
  /** `L` in the field of the day. */
  lastDay: boolean;
  /** 1 to 12. */
  months: number[];
  /** 0 to 6, Sunday first. */
  weekdays: number[];
  /** With both day and weekday restricted, one of them is enough, as in crontab(5). */
  eitherDay: boolean;
  /**
   * False for `*`, for steps and for all 24 hours: the expression follows elapsed time through a change of the clocks.
   * True for other hours, lists and ranges: each local time is due once.
   */
  fixedHours: boolean;
}

/** Other implementations know more of these, which differ from one to the next. */
export const NICKNAMES: Record<string, string> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
};

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
/** 29 February counts. */
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Field {
  name: string;
  min: number;
  max: number;
  /** Names of the values from `min` on. */
  names?: string[];
}

const SECOND: Field = { name: 'second', min: 0, max: 59 };
const MINUTE: Field = { name: 'minute', min: 0, max: 59 };
const HOUR: Field = { name: 'hour', min: 0, max: 23 };
const DAY: Field = { name: 'day', min: 1, max: 31 };
const MONTH: Field = { name: 'month', min: 1, max: 12, names: MONTHS };
/** Sunday is 0 and 7. */
const WEEKDAY: Field = { name: 'weekday', min: 0, max: 7, names: WEEKDAYS };

/** As in `5L`, `15W`, `MON#2`, `?`. */
const EXTENSION = /[?#]|\d[LW]|^L/i;

type SixTexts = [string, string, string, string, string, string];

class CronFlaw extends Error {}

/**
 * Parses five fields, six with seconds first, or a nickname. The flaw of a wrong expression continues a sentence that
 * begins with the expression.
 */
export function parseCron(text: string): { expression: CronExpression } | { flaw: string } {
  try {
    return { expression: parse(text.trim()) };
  } catch (error) {
    if (error instanceof CronFlaw) return { flaw: error.message };
    throw error;
  }
}

function parse(text: string): CronExpression {
  if (text.startsWith('@') && !Object.hasOwn(NICKNAMES, text)) {
    throw new CronFlaw(`is not one of ${Object.keys(NICKNAMES).join(', ')}`);
  }
  const fields = (NICKNAMES[text] ?? text).split(/\s+/).filter((field) => field !== '');
  if (fields.length !== 5 && fields.length !== 6) {
    throw new CronFlaw(
      `has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}, ` +
        'not 5 (minute, hour, day, month, weekday) or 6 (second first)',
    );
  }
  const [second, minute, hour, day, month, weekday] = (
    fields.length === 6 ? fields : ['0', ...fields]
  ) as SixTexts;
  const dayItems = day.split(',');
  const numberedDays = dayItems.filter((item) => item !== 'L');
  const hours = valuesOf(hour, HOUR);
  const expression: CronExpression = {
    seconds: valuesOf(second, SECOND),
    minutes: valuesOf(minute, MINUTE),
    hours,
    days: numberedDays.length === 0 ? [] : valuesOf(numberedDays.join(','), DAY),
    lastDay: dayItems.includes('L'),
    months: valuesOf(month, MONTH),
    weekdays: ascending(valuesOf(weekday, WEEKDAY).map((value) => value % 7)),
    eitherDay: !day.includes('*') && !weekday.includes('*'),
    fixedHours: !/[*/]/.test(hour) && hours.length < 24,
  };
  if (!everMatches(expression)) throw new CronFlaw('never matches a date');
  return expression;
}

function valuesOf(text: string, field: Field): number[] {
  return ascending(text.split(',').flatMap((item) => valuesOfItem(item, field)));
}

function valuesOfItem(item: string, field: Field): number[] {
  const { name, min, max } = field;
  if (EXTENSION.test(item)) {
    throw new CronFlaw(
      `is not a cron expression: ${name} "${item}" is an extension. ` +
        'The only supported one is the day L, the last of the month',
    );
  }
  const parts = /^(?:(?<all>\*)|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d{1,4}))?$/.exec(item)?.groups;
  if (parts === undefined) throw new CronFlaw(`is not a cron expression: ${name} "${item}" is not valid`);
  const { all, from = '', to = from, step } = parts;
  if (step !== undefined && all === undefined && parts.to === undefined) {
    throw new CronFlaw(
      `is not a cron expression: ${name} "${item}" has a step without a range. ` +
        `Write ${item.replace('/', `-${max}/`)}`,
    );
  }
  const first = all === undefined ? valueOf(from, field) : min;
  let last = all === undefined ? valueOf(to, field) : max;
  // FRI-SUN
  if (field === WEEKDAY && last === 0 && first > 0) last = 7;
  if (first > last) {
    throw new CronFlaw(`is not a cron expression: ${name} "${item}" ends before it starts`);
  }
  const by = Number(step ?? 1);
  if (by < 1 || by > max) {
    throw new CronFlaw(`is not a cron expression: the step of ${name} "${item}" is not from 1 to ${max}`);
  }
  const end = field === WEEKDAY && all !== undefined ? 6 : last;
  return Array.from({ length: Math.floor((end - first) / by) + 1 }, (_, index) => first + index * by);
}

function valueOf(text: string, { name, min, max, names = [] }: Field): number {
  const named = names.indexOf(text.toUpperCase());
  if (named >= 0) return named + min;
  const value = Number(text);
  if (/^\d{1,4}$/.test(text) && value >= min && value <= max) return value;
  const known = names.length > 0 ? ` or ${names[0]} to ${names.at(-1)}` : '';
  throw new CronFlaw(`is not a cron expression: ${name} "${text}" is not from ${min} to ${max}${known}`);
}

function everMatches({ days, lastDay, months, eitherDay }: CronExpression): boolean {
  return (
    lastDay || eitherDay || months.some((month) => days.some((day) => day <= LONGEST_MONTHS[month - 1]!))
  );
}

function ascending(values: number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
