import type { RememberedEvent } from './remembered-event';

/** The most recently added events by id, limited to `maxCount`. */
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
