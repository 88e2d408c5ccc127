import type { RememberedEvent } from './remembered-event';

/** The events that were added last, by id, up to a number of them. */
export class RecentEvents {
  private readonly events = new Map<string, RememberedEvent>();

  constructor(private readonly maxCount: number) {}

  get(eventId: string): RememberedEvent | undefined {
    return this.events.get(eventId);
  }

  add(eventId: string, event: RememberedEvent): void {
    this.events.set(eventId, event);
    for (const oldest of this.events.keys()) {
      if (this.events.size <= this.maxCount) break;
      this.events.delete(oldest);
    }
  }
}
