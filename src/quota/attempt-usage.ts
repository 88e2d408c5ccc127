import type { RunEvent } from '../events/run-event';

/** Calls of an attempt as reported by an event: those since the previous report, or the total. */
export type CallReport = { kind: 'more' | 'total'; calls: number };

/** The counted calls of one attempt. */
export interface AttemptUsage {
  used: number;
  /** The part known only from the total. Later reports of these calls must not be counted again. */
  countedAhead: number;
}

export const NOTHING_USED: AttemptUsage = { used: 0, countedAhead: 0 };

/** No quota is larger. More is a mistake of the sender, and a sum of it might exceed the exact integers. */
const MAX_CALLS = 1_000_000_000;

/** Returns null if the event says nothing about calls. 0 is a report too. */
export function callsIn(event: RunEvent): CallReport | null {
  if (event.eventType === 'run.progress') return report('more', event.payload.quotaUsed);
  if (event.eventType === 'run.completed') return report('total', event.payload.issuedCalls);
  return null;
}

/**
 * Adds calls that are not counted yet. The result does not depend on the order of events. It is the worker's final
 * total or the sum of its earlier reports, if that is larger.
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
  return calls === undefined ? null : { kind, calls: Math.min(calls, MAX_CALLS) };
}
