import { elapsedText } from '../clock/elapsed-text';

/** Returns a short, readable duration: 340 ms, 2.4 s, 3 min 5 s, 2 h 10 min. */
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return elapsedText(Math.round(ms / 1000) * 1000);
}

/** Returns whole seconds, for a running clock. */
export function elapsed(ms: number): string {
  return ms < 60_000 ? `${Math.max(0, Math.floor(ms / 1000))} s` : duration(ms);
}

/** Returns the time in the local time zone. */
export function localTime(instant: string): string {
  const time = new Date(instant);
  const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(twoDigits).join('-');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':')}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
