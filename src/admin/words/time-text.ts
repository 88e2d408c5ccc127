import type { Instant } from '../../clock/clock';

/** A time as the server writes it, in UTC. A script converts `text` to the reader's zone and language. */
export interface TimeText {
  datetime: Instant;
  exact: string;
  text: string;
  /** Set if seconds are shown. */
  toTheSecond?: true;
}

export function timeText(instant: Instant): TimeText {
  const [date, time] = new Date(instant).toISOString().split('T') as [string, string];
  return {
    datetime: instant,
    exact: `${date} ${time.slice(0, -1)} UTC`,
    text: `${date} ${time.slice(0, 5)} UTC`,
  };
}

/** For lists in which several times may fall in the same minute. */
export function timeTextWithSeconds(instant: Instant): TimeText {
  const time = timeText(instant);
  return { ...time, text: `${time.exact.slice(0, 19)} UTC`, toTheSecond: true };
}

export function timeTextOrNull(instant: Instant | null): TimeText | null {
  return instant === null ? null : timeText(instant);
}

export function timeTextWithSecondsOrNull(instant: Instant | null): TimeText | null {
  return instant === null ? null : timeTextWithSeconds(instant);
}

/** For logs, where the day is known and the seconds matter. */
export function clockText(instant: Instant): TimeText {
  const time = timeText(instant);
  return { ...time, text: time.exact.slice(11, 19) };
}
