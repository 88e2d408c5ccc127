import type { RunEvent } from '../events/run-event';
import type { EventEffect } from './event-effect';
import { type EventCounts, type Listing, listingOf, NO_EVENTS } from './event-listing';

/** Event counts of the runs in a batch, updated while the batch is applied. */
export class BatchCounts {
  readonly changed = new Map<string, EventCounts>();

  constructor(private readonly before: ReadonlyMap<string, EventCounts>) {}

  list(event: RunEvent, effect: EventEffect, payloadBytes: number): Listing {
    const current = this.changed.get(event.runId) ?? this.before.get(event.runId) ?? NO_EVENTS;
    const { listing, counts } = listingOf(event, effect, payloadBytes, current);
    if (counts !== current) this.changed.set(event.runId, counts);
    return listing;
  }
}
