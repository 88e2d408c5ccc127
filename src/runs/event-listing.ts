import type { RunEvent } from '../events/run-event';
import { callsIn } from '../quota/attempt-usage';
import type { EventEffect } from './event-effect';
import { isTerminal } from './run';
import type { RunEventCountsEntity } from './run.entity';

/** What the history of a run lists besides logs and heartbeats, which have a bound of their own. */
export const MAX_LISTED_EVENTS = 10_000;
export const MAX_LISTED_BYTES = 16 * 1024 * 1024;
/** Events of senders that do not hold the run. Their limit is separate, so that they never take the holder's. */
export const MAX_FOREIGN_EVENTS = 20;
const MAX_FOREIGN_BYTES = 4096;
/** More than a day of them. */
export const MAX_SIGNS_OF_LIFE = 10_000;

/**
 * - `listed`: in the history, and in the inbox.
 * - `recorded`: in the inbox with its calls alone, because they must count once.
 * - `unlisted`: nothing of it is kept but its effect, which is the same when it is applied again.
 */
export type Listing = 'listed' | 'recorded' | 'unlisted';

export type EventCounts = Omit<RunEventCountsEntity, 'runId'>;

export const NO_EVENTS: EventCounts = { listed: 0, listedBytes: 0, signsOfLife: 0, unlisted: 0, foreign: 0 };

/** Decides whether an event is listed, and counts it. Lines of logs are bounded by the log. Pure. */
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
    if (counts.signsOfLife >= MAX_SIGNS_OF_LIFE) return { listing: 'unlisted', counts };
    return { listing: 'listed', counts: { ...counts, signsOfLife: counts.signsOfLife + 1 } };
  }
  const listedBytes = counts.listedBytes + payloadBytes;
  const hasRoom = counts.listed < MAX_LISTED_EVENTS && listedBytes <= MAX_LISTED_BYTES;
  const isEnd = effect.changed !== null && isTerminal(effect.changed);
  if (hasRoom || isEnd)
    return { listing: 'listed', counts: { ...counts, listed: counts.listed + 1, listedBytes } };
  // A total of calls can be told any number of times, an addition cannot.
  const addsCalls = callsIn(event)?.kind === 'more';
  const listing = addsCalls ? 'recorded' : 'unlisted';
  return { listing, counts: { ...counts, unlisted: counts.unlisted + 1 } };
}
