import type { RunEvent } from '../events/run-event';

/** What an event says of the calls that an attempt has issued: those since the last time, or all of them. */
export type CallReport = { kind: 'more' | 'total'; calls: number };

/** The calls of one attempt that count. */
export interface AttemptUsage {
  used: number;
  /** Of these, the ones that only the total has told of: reports of them may still arrive, and are no others. */
  countedAhead: number;
}

export const NOTHING_USED: AttemptUsage = { used: 0, countedAhead: 0 };

/** No quota is as large; more is a mistake of the sender, and adding it up might leave the range of numbers. */
const MAX_CALLS = 1_000_000_000;

export function callsIn(event: RunEvent): CallReport | null {
  if (event.eventType === 'run.progress') return report('more', event.payload.quotaUsed);
  if (event.eventType === 'run.completed') return report('total', event.payload.issuedCalls);
  return null;
}

/**
 * Adds what is new. In whichever order the events arrive, the attempt has used the total that its worker reports at
 * the end, or the sum of what it reported on the way, whichever is more.
 */
export function withCalls(before: AttemptUsage, { kind, calls }: CallReport): AttemptUsage {
  if (kind === 'total') {
    const missing = Math.max(0, calls - before.used);
    return { used: before.used + missing, countedAhead: before.countedAhead + missing };
  }
  const known = Math.min(calls, before.countedAhead);
  return { used: before.used + calls - known, countedAhead: before.countedAhead - known };
}

function report(kind: CallReport['kind'], calls: number | undefined): CallReport | null {
  return calls === undefined || calls === 0 ? null : { kind, calls: Math.min(calls, MAX_CALLS) };
}
