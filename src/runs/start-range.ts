import { type Instant, toInstant } from '../clock/clock';
import type { Database } from '../database/database';
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
 * Returns the range of run ids for a range of start times, because ids have an index. If the clock was set back, some
 * runs have ids that encode a later time than their start. If such runs affect the result, the range is widened and
 * start times are compared too.
 * @param fromMs epoch milliseconds, both ends included
 */
export async function startRange(
  { read }: Pick<Database, 'read'>,
  { fromMs, toMs }: { fromMs?: number; toMs?: number },
): Promise<StartRange> {
  const low = fromMs === undefined ? null : lowestRunIdAt(fromMs);
  const high = toMs === undefined ? null : lowestRunIdAt(toMs + 1);
  if (low === null && high === null) return { low, high, startedAt: null };
  const startedAt = { from: instantWithin(fromMs ?? 0), to: instantWithin(toMs ?? Infinity) };
  const [ahead] = await read.query<{ inside: string | null; outside: string | null }>(
    'SELECT MAX(CASE WHEN started_at BETWEEN ? AND ? THEN run_id END) AS inside,' +
      ' MAX(CASE WHEN NOT started_at BETWEEN ? AND ? AND run_id < ? THEN run_id END) AS outside' +
      ' FROM runs WHERE id_is_ahead = 1 AND run_id >= ?',
    [startedAt.from, startedAt.to, startedAt.from, startedAt.to, high ?? 'g', low ?? ''],
  );
  const inside = ahead?.inside ?? null;
  if (inside === null && (ahead?.outside ?? null) === null) return { low, high, startedAt: null };
  const isBeyond = high !== null && inside !== null && inside >= high;
  return { low, high: isBeyond ? `${inside}g` : high, startedAt };
}

/** Clamps to years of four digits, whose text order is time order. */
function instantWithin(epochMs: number): Instant {
  return toInstant(Math.min(Math.max(0, epochMs), Date.parse('9999-12-31T23:59:59.999Z')));
}
