import { type Instant, toInstant } from '../clock/clock';
import { lowestRunIdAt } from './run-id';

/** The runs that started between two times, as a range of ids. */
export interface StartRange {
  /** Inclusive; null without a lower end. */
  low: string | null;
  /** Exclusive; null without an upper end. */
  high: string | null;
  /** Additional condition on `started_at`; null if the ids alone decide. */
  startedAt: { from: Instant; to: Instant } | null;
}

/**
 * Returns the range of run ids for a range of start times, because ids have an index. `startedAt` has the same times, to
 * look for exceptions; null without any limit. Pure.
 * @param fromMs epoch milliseconds, both ends included
 */
export function rangeOf({ fromMs, toMs }: { fromMs?: number; toMs?: number }): {
  range: StartRange;
  startedAt: StartRange['startedAt'];
} {
  const low = fromMs === undefined ? null : lowestRunIdAt(fromMs);
  const high = toMs === undefined ? null : lowestRunIdAt(toMs + 1);
  const isUnlimited = low === null && high === null;
  return {
    range: { low, high, startedAt: null },
    startedAt: isUnlimited ? null : { from: instantWithin(fromMs ?? 0), to: instantWithin(toMs ?? Infinity) },
  };
}

/**
 * Widens the range for runs with ids that encode a later time than their start, because the clock was set back. Then
 * start times are compared too. Pure.
 * @param ahead the highest such id in the range from `low`: of runs that started within the times, and of others
 */
export function widened(
  range: StartRange,
  startedAt: StartRange['startedAt'],
  { inside, outside }: { inside: string | null; outside: string | null },
): StartRange {
  if (inside === null && outside === null) return range;
  const { low, high } = range;
  const isBeyond = high !== null && inside !== null && inside >= high;
  return { low, high: isBeyond ? `${inside}g` : high, startedAt };
}

/** Clamps to years of four digits, whose text order is time order. */
function instantWithin(epochMs: number): Instant {
  return toInstant(Math.min(Math.max(0, epochMs), Date.parse('9999-12-31T23:59:59.999Z')));
}
