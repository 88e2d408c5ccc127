import { Injectable } from '@nestjs/common';
import { contentHash } from '../projects/content-hash';
import { type AppliedEvent, EventApplier } from './event-applier';

export interface TakenIn {
  /** Recorded, whether they changed anything or not. */
  accepted: number;
  /** Recorded before. */
  duplicates: number;
  rejected: { index: number; reason: string }[];
}

/** Events that come past the stream: they are applied at once, by what applies those of the stream. */
@Injectable()
export class EventIntake {
  constructor(private readonly applier: EventApplier) {}

  /**
   * All in one commit, before the answer. An event that could not be applied is rejected and kept; where the
   * database fails, the sender sends the same again, and what was applied is a duplicate by then.
   * @param events with what is wrong with them already, or null
   */
  async take(events: { fields: Record<string, string>; flaw: string | null }[]): Promise<TakenIn> {
    const settled = await Promise.allSettled(events.map((event) => this.takeOne(event)));
    const taken: TakenIn = { accepted: 0, duplicates: 0, rejected: [] };
    settled.forEach((result, index) => {
      if (result.status === 'rejected') throw result.reason;
      const { outcome, reason } = result.value;
      if (outcome === 'rejected') taken.rejected.push({ index, reason: reason ?? '' });
      else if (outcome === 'duplicate') taken.duplicates++;
      else taken.accepted++;
    });
    return taken;
  }

  private async takeOne({
    fields,
    flaw,
  }: {
    fields: Record<string, string>;
    flaw: string | null;
  }): Promise<Pick<AppliedEvent, 'outcome' | 'reason'>> {
    // Named by what it says: a sender that tries a bad event over and over puts it on the list once.
    const entry = { id: `http:${contentHash(fields)}`, fields, deliveryCount: 1 };
    if (flaw === null) return this.applier.apply(entry);
    await this.applier.reject(entry, flaw);
    return { outcome: 'rejected', reason: flaw };
  }
}
