import { v7 } from 'uuid';

/**
 * Makes UUIDs of version 7 that rise strictly while the process lives, also within a millisecond and when the clock
 * is set back, so that the order of ids is the order of starts: lists page by it (RFC 9562, section 6.2, method 1).
 */
export class RunIds {
  private lastMs = 0;
  private sequence = 0;

  next(nowMs: number): string {
    this.sequence = nowMs > this.lastMs ? 0 : this.sequence + 1;
    this.lastMs = Math.max(nowMs, this.lastMs);
    return v7({ msecs: this.lastMs, seq: this.sequence });
  }
}

/** The smallest id that a run started at this time can have: a time filter becomes a range of ids. */
export function lowestRunIdAt(epochMs: number): string {
  const hex = Math.min(Math.max(0, epochMs), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** When a run started, in epoch milliseconds, as its id tells. */
export function startOfRun(runId: string): number {
  return Number.parseInt(runId.replaceAll('-', '').slice(0, 12), 16);
}
