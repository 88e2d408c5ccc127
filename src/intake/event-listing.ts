import type { RunEvent } from '../events/run-event';
import { callsIn } from '../quota/attempt-usage';
import type { EventEffect } from './event-effect';
import { isTerminal } from '../runs/run';
import type { RunEventCountsEntity } from './event-count.entity';

/** Limits of a run's event history, without logs and heartbeats, which have their own limits. */
export const MAX_LISTED_EVENTS = 10_000;
export const MAX_LISTED_BYTES = 16 * 1024 * 1024;
/**
 * Limit for events of senders that do not hold the run. It is separate, so that they never use up the holder's limit.
 */
const MAX_FOREIGN_EVENTS = 20;
const MAX_FOREIGN_BYTES = 4096;
/** Limit for heartbeats: more than a day at the embedded worker's interval of 10 s. */
const MAX_LISTED_HEARTBEATS = 10_000;

/**
 * - `listed`: in the history and in the inbox.
 * - `recorded`: in the inbox with its calls only, because calls must count exactly once.
 * - `unlisted`: not stored. Applying it again has the same effect.
 */
export type Listing = 'listed' | 'recorded' | 'unlisted';

export type EventCounts = Omit<RunEventCountsEntity, 'runId'>;

export const NO_EVENTS: EventCounts = { listed: 0, listedBytes: 0, heartbeats: 0, unlisted: 0, foreign: 0 };

/** Decides whether an event is listed, and counts it. The log has its own limit for lines. Pure. */
export function listingOf(
  event: RunEvent,
  effect: EventEffect,
  payloadBytes: number,
  counts: EventCounts,
): { listing: Listing; counts: EventCounts } {
  if (!effect.isFromHolder) {
    return counts.foreign < MAX_FOREIGN_EVENTS && payloadBytes <= MAX_FOREIGN_BYTES
      ? { listing: 'listed', counts: { ...counts, foreign: counts.foreign + 1 } }
      : { listing: 'unlisted', counts: { ...counts, unlisted: counts.unlisted + 1 } };
  }
  if (event.eventType === 'run.log' && effect.logLines !== null) return { listing: 'listed', counts };
  if (event.eventType === 'run.heartbeat') {
    if (counts.heartbeats >= MAX_LISTED_HEARTBEATS) return { listing: 'unlisted', counts };
    return { listing: 'listed', counts: { ...counts, heartbeats: counts.heartbeats + 1 } };
  }
  const listedBytes = counts.listedBytes + payloadBytes;
  const hasRoom = counts.listed < MAX_LISTED_EVENTS && listedBytes <= MAX_LISTED_BYTES;
  const isEnd = effect.changed !== null && isTerminal(effect.changed);
  if (hasRoom || isEnd)
    return { listing: 'listed', counts: { ...counts, listed: counts.listed + 1, listedBytes } };
  // A repeated total changes nothing; a repeated increment would count twice.
  const addsCalls = callsIn(event)?.kind === 'more';
  const listing = addsCalls ? 'recorded' : 'unlisted';
  return { listing, counts: { ...counts, unlisted: counts.unlisted + 1 } };
}
