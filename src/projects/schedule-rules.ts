import { Cron } from 'croner';

/** croner accepts more nicknames; Jobato supports only these. */
export const NICKNAMES = ['@hourly', '@daily', '@weekly', '@monthly'];

/** Returns what is wrong with a cron expression (five fields, six with seconds, or a nickname), or null. */
export function whyNoCron(expression: string): string | null {
  const text = expression.trim();
  if (text.startsWith('@')) {
    return NICKNAMES.includes(text) ? null : `is not one of ${NICKNAMES.join(', ')}`;
  }
  const fields = text === '' ? 0 : text.split(/\s+/).length;
  if (fields !== 5 && fields !== 6) {
    return `has ${fields} ${fields === 1 ? 'field' : 'fields'}, not 5 (minute, hour, day, month, weekday) or 6 (second first)`;
  }
  try {
    const cron = new Cron(text, { paused: true, timezone: 'UTC' });
    return cron.nextRun() === null ? 'never matches a date' : null;
  } catch (error) {
    return `is not a cron expression: ${(error as Error).message.replace(/^CronPattern: /, '')}`;
  }
}

/** Returns true for a time zone name of the IANA database, which schedules can use. */
export function isTimeZoneName(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
