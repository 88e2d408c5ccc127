import type { StreamFields } from '../events/run-event';

/** Characters kept. Redis writes to disk once a second at most, so entries older than a few seconds have been read. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

export interface PublishedEntry {
  fields: StreamFields;
  /** The latest stream entry with these fields. */
  entryId: string;
}

/** Recently published entries of one attempt, to be published again if the stream may have lost them. */
export class RecentlyPublished {
  private list: PublishedEntry[] = [];
  private characters = 0;
  /** Total bytes of the log. */
  logBytes = 0;
  /** The stream's reconnect count when these entries were last published. */
  reconnects: number;

  constructor(reconnects: number) {
    this.reconnects = reconnects;
  }

  get entries(): readonly PublishedEntry[] {
    return this.list;
  }

  add(entries: PublishedEntry[]): void {
    for (const entry of entries) {
      this.list.push(entry);
      this.characters += entry.fields.payload.length;
    }
    let forgotten = 0;
    // The last entry is always kept.
    while (this.characters > MAX_CHARACTERS && forgotten < this.list.length - 1) {
      this.characters -= this.list[forgotten++]!.fields.payload.length;
    }
    if (forgotten > 0) this.list = this.list.slice(forgotten);
  }
}
