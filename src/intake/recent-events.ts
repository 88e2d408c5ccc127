import type { StoredEvent } from '../events/applied-event.repository';

/** The most recently added events by id, limited to `maxCount`. */
export class RecentEvents {
  private readonly events = new Map<string, StoredEvent>();

  constructor(private readonly maxCount: number) {}

  get(eventId: string): StoredEvent | undefined {
    return this.events.get(eventId);
  }

  add(eventId: string, event: StoredEvent): void {
    this.events.set(eventId, event);
    for (const oldest of this.events.keys()) {
      if (this.events.size <= this.maxCount) break;
      this.events.delete(oldest);
    }
  }
}
