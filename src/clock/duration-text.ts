import { elapsedText } from './elapsed-text';

/** Returns "40 ms" or "4.2 s"; from 10 s on like `elapsedText`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : elapsedText(Math.round(ms / 1000) * 1000);
}
