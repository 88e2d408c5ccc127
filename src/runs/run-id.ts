import { v7 } from 'uuid';
import type { Clock } from '../clock/clock';

export interface RunStart {
  /** UUID of version 7. */
  runId: string;
  startedAtMs: number;
  /** 1 if the clock was behind the newest id, so that this id encodes a later time than the start. */
  idIsAhead: 0 | 1;
}

/**
 * Generates run ids that increase strictly: within one millisecond, after the clock is set back, and across restarts.
 * The order of ids is therefore the order of starts, and lists page by it (RFC 9562, section 6.2, method 1).
 */
export class RunIds {
  private lastMs: number;
  private sequence: number;

  /** @param newest the newest id in the database; null if there is none */
  constructor(
    private readonly clock: Clock,
    newest: string | null,
  ) {
    // The last sequence number of that millisecond is unknown, so continue with the next millisecond.
    this.lastMs = newest === null ? 0 : timeOfRunId(newest) + 1;
    this.sequence = newest === null ? 0 : -1;
  }

  next(): RunStart {
    const startedAtMs = this.clock.nowMs();
    this.sequence = startedAtMs > this.lastMs ? 0 : this.sequence + 1;
    this.lastMs = Math.max(startedAtMs, this.lastMs);
    return {
      runId: v7({ msecs: this.lastMs, seq: this.sequence }),
      startedAtMs,
      idIsAhead: this.lastMs > startedAtMs ? 1 : 0,
    };
  }
}

/** Returns the smallest id for this time, so that a time filter becomes a range of ids. */
export function lowestRunIdAt(epochMs: number): string {
  const hex = Math.min(Math.max(0, epochMs), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/**
 * Returns the time in an id, in epoch milliseconds. It is the start of the run, unless the clock was behind the newest
 * id.
 */
export function timeOfRunId(runId: string): number {
  return Number.parseInt(runId.replaceAll('-', '').slice(0, 12), 16);
}
