import { type Instant, toInstant } from '../clock/clock';
import type { Run, SenderClock } from './run';

/** A time without fractions can be any moment of its second. */
const WITHIN_SECOND_MS = 999;

export function unheardSince(notBefore: Instant): SenderClock {
  return { notBefore, lagMs: null, isOff: false };
}

/** Returns the facts about the clock after this event; the same object if nothing changed. Pure. */
export function clockAfter(
  run: Pick<Run, 'startedAt' | 'senderClock'>,
  occurredAt: Instant,
  now: Instant,
): SenderClock {
  const known = run.senderClock ?? unheardSince(run.startedAt);
  const notBeforeMs = Date.parse(known.notBefore);
  const saidMs = Date.parse(occurredAt);
  const lagMs = Date.parse(now) - saidMs;
  const latestMs = saidMs + leewayMs(occurredAt);
  const isOff = known.isOff || lagMs < 0 || latestMs < notBeforeMs;
  const smallestMs = Math.min(known.lagMs ?? lagMs, lagMs);
  // A correction to a time before the attempt is out of date: one of the clocks was set since.
  const isStale = isOff && latestMs + smallestMs < notBeforeMs;
  const keptLagMs = isStale ? lagMs : smallestMs;
  if (keptLagMs === known.lagMs && isOff === known.isOff) return known;
  return { notBefore: known.notBefore, lagMs: keptLagMs, isOff };
}

/**
 * Returns when an event happened, by this server's clock. If the sender's clock is known to be off, the event's own
 * time is corrected by the lag.
 * An impossible time, before `notBefore` or `floor` or after the arrival, is replaced by the arrival. A time without
 * fractions first moves to the end of its second, if that has passed.
 * The result is never before the floor. It is after `now` only if this server's clock was set back. Pure.
 * @param run with the facts about the clock after this event
 * @param floor the latest time known to precede this event
 */
export function timeOf(
  run: Pick<Run, 'startedAt' | 'senderClock'>,
  occurredAt: Instant,
  now: Instant,
  floor: Instant = run.startedAt,
): Instant {
  const { notBefore, lagMs, isOff } = run.senderClock ?? unheardSince(run.startedAt);
  const needsNoCorrection = !isOff && notBefore <= occurredAt && floor <= occurredAt && occurredAt <= now;
  if (needsNoCorrection) return occurredAt;
  const nowMs = Date.parse(now);
  const earliestMs = Math.max(Date.parse(notBefore), Date.parse(floor));
  const correctedMs = Date.parse(occurredAt) + (isOff ? (lagMs ?? 0) : 0);
  const atMs = correctedMs < earliestMs ? correctedMs + leewayMs(occurredAt) : correctedMs;
  const isPossible = earliestMs <= atMs && atMs <= nowMs;
  return toInstant(Math.max(isPossible ? atMs : nowMs, earliestMs));
}

/** Returns `timeOf` for events of this run. */
export function timesOf(run: Pick<Run, 'startedAt' | 'senderClock'>): (at: Instant, now: Instant) => Instant {
  return (at, now) => timeOf(run, at, now);
}

/**
 * Returns how far the worker's clock is ahead of this server's, in milliseconds; negative if it is behind. Null if the
 * clocks agree.
 */
export function clockSkewMs({ senderClock }: Pick<Run, 'senderClock'>): number | null {
  return senderClock?.isOff && senderClock.lagMs !== null ? -senderClock.lagMs : null;
}

function leewayMs(occurredAt: Instant): number {
  return occurredAt.endsWith('.000Z') ? WITHIN_SECOND_MS : 0;
}
