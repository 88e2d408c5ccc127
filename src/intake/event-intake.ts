import { Injectable } from '@nestjs/common';
import { type RunEvent, toStreamFields } from '../events/run-event';
import { jsonHash } from '../projects/json-hash';
import { EventApplier } from './event-applier';
import type { AppliedEvent, EventOutcome } from './event-batches';
import { isServerEvent } from './event-command';

export interface IncomingEvent {
  /** The fields of a stream entry. */
  fields: Record<string, string>;
  /** A flaw that was found before parsing; null if the parser of stream entries decides. */
  flaw: string | null;
  /** The lease token that the sender presents; never stored. */
  leaseToken: string | null;
}

export interface TakenIn {
  /** Events recorded for the first time, with or without an effect. */
  accepted: number;
  /** Events that were recorded before. */
  duplicates: number;
  /**
   * Invalid events, with the reason in words, and events from a worker that lost its lease, with the reason
   * `LEASE_LOST`.
   */
  rejected: { index: number; reason: string }[];
}

/** Size of a portion; the event loop gets a turn after each. Writing 15 MiB in one go would block it for a second. */
const PORTION_CHARACTERS = 1024 * 1024;

/** Applies events that arrive over HTTP instead of the stream, with the same `EventApplier`. */
@Injectable()
export class EventIntake {
  constructor(private readonly applier: EventApplier) {}

  /**
   * Applies all events before it resolves, in one commit unless they are large. An invalid event is rejected and kept.
   * If the database fails, the sender retries the whole batch, and events already applied count as duplicates.
   */
  async take(events: IncomingEvent[]): Promise<TakenIn> {
    const settled: Pick<AppliedEvent, 'outcome' | 'reason'>[] = [];
    for (const portion of portionsOf(events)) {
      const results = await Promise.allSettled(portion.map((event) => this.takeOne(event)));
      for (const result of results) {
        // Leave the rest to the sender's retry: events after a missing one must not be applied before it.
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

  /** Applies an event that this server creates for a worker, for example for an upload. */
  async takeOwn(event: RunEvent): Promise<EventOutcome> {
    const entry = { id: `own:${event.eventId}`, fields: { ...toStreamFields(event) }, deliveryCount: 1 };
    const { outcome } = await this.applier.apply(entry, { via: 'server' });
    return outcome;
  }

  /** Applies events of this process at once and in order. The same transaction adds them to the outbox. */
  async applyAndPublish(events: RunEvent[]): Promise<void> {
    await Promise.all(events.map((event) => this.applier.applyAndPublish(event)));
  }

  private async takeOne({
    fields,
    flaw,
    leaseToken,
  }: IncomingEvent): Promise<Pick<AppliedEvent, 'outcome' | 'reason'>> {
    // Not kept, because redelivering it would have no effect.
    if (isServerEvent(fields.eventType))
      return { outcome: 'rejected', reason: notOfWorkers(fields.eventType!) };
    // The content hash is the entry id, so a sender that repeats an invalid event adds it to the list only once.
    const entry = { id: `http:${jsonHash(fields)}`, fields, deliveryCount: 1 };
    if (flaw === null) return this.applier.apply(entry, { via: 'http', leaseToken });
    await this.applier.reject(entry, flaw);
    return { outcome: 'rejected', reason: flaw };
  }
}

function notOfWorkers(eventType: string): string {
  return `only the server may publish ${eventType}`;
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
