import { Injectable } from '@nestjs/common';
import { type RunEvent, toStreamFields } from '../events/run-event';
import { contentHash } from '../projects/content-hash';
import { type AppliedEvent, EventApplier, type EventOutcome } from './event-applier';
import { isServerEvent } from './event-command';

export interface IncomingEvent {
  /** As they would lie on the stream. */
  fields: Record<string, string>;
  /** What is wrong with it already; null if the parser of stream entries decides. */
  flaw: string | null;
  /** What the sender shows as its lease; never stored. */
  leaseToken: string | null;
}

export interface TakenIn {
  /** Recorded, whether they changed anything or not. */
  accepted: number;
  /** Recorded before. */
  duplicates: number;
  /** Unusable, with the reason in words; or not from the holder of the lease, with the reason `LEASE_LOST`. */
  rejected: { index: number; reason: string }[];
}

/** The event loop gets a turn after so much: writing 15 MiB at once would hold it for a second. */
const PORTION_CHARACTERS = 1024 * 1024;

/** Events that come past the stream: they are applied at once, by what applies those of the stream. */
@Injectable()
export class EventIntake {
  constructor(private readonly applier: EventApplier) {}

  /**
   * Applies all before the answer, in one commit unless they are large. An unusable event is rejected and kept. If the
   * database fails, the sender sends the same batch again, and events that were applied are duplicates then.
   */
  async take(events: IncomingEvent[]): Promise<TakenIn> {
    const settled: Pick<AppliedEvent, 'outcome' | 'reason'>[] = [];
    for (const portion of portionsOf(events)) {
      const results = await Promise.allSettled(portion.map((event) => this.takeOne(event)));
      for (const result of results) {
        // The rest waits for the repetition: events after a missing one must not be applied before it.
        if (result.status === 'rejected') throw result.reason;
        settled.push(result.value);
      }
    }
    const taken: TakenIn = { accepted: 0, duplicates: 0, rejected: [] };
    settled.forEach(({ outcome, reason }, index) => {
      if (outcome === 'rejected') taken.rejected.push({ index, reason: reason ?? '' });
      else if (outcome === 'lease-lost') taken.rejected.push({ index, reason: 'LEASE_LOST' });
      else if (outcome === 'duplicate') taken.duplicates++;
      else taken.accepted++;
    });
    return taken;
  }

  /** Applies an event that this server makes for a worker, for example for an upload. */
  async takeOwn(event: RunEvent): Promise<EventOutcome> {
    const entry = { id: `own:${event.eventId}`, fields: { ...toStreamFields(event) }, deliveryCount: 1 };
    const { outcome } = await this.applier.apply(entry, { origin: 'server' });
    return outcome;
  }

  /** Applies events of this process at once, in order, and puts them into the outbox in the same transaction. */
  async applyAndPublish(events: RunEvent[]): Promise<void> {
    await Promise.all(events.map((event) => this.applier.applyAndPublish(event)));
  }

  private async takeOne({
    fields,
    flaw,
    leaseToken,
  }: IncomingEvent): Promise<Pick<AppliedEvent, 'outcome' | 'reason'>> {
    // Not kept: there is nothing to redeliver.
    if (isServerEvent(fields.eventType))
      return { outcome: 'rejected', reason: notOfWorkers(fields.eventType!) };
    // Named by what it says: a sender that tries a bad event over and over puts it on the list once.
    const entry = { id: `http:${contentHash(fields)}`, fields, deliveryCount: 1 };
    if (flaw === null) return this.applier.apply(entry, { origin: 'http', leaseToken });
    await this.applier.reject(entry, flaw);
    return { outcome: 'rejected', reason: flaw };
  }
}

function notOfWorkers(eventType: string): string {
  return `only the server publishes ${eventType}; a worker sends what became of the run`;
}

/** Splits the events, in order. A portion ends with the event that brings it to 1 MiB. */
function portionsOf(events: IncomingEvent[]): IncomingEvent[][] {
  const portions: IncomingEvent[][] = [];
  let characters = PORTION_CHARACTERS;
  for (const event of events) {
    if (characters >= PORTION_CHARACTERS) {
      portions.push([]);
      characters = 0;
    }
    portions.at(-1)!.push(event);
    characters += event.fields.payload?.length ?? 0;
  }
  return portions;
}
