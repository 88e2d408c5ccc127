import type { StreamFields } from '../events/run-event';

/** Redis writes to its disk once a second, if at all; what it took longer ago than a few of them has been read. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

export interface SaidEntry {
  fields: StreamFields;
  /** Where on the stream it was put last. */
  entryId: string;
}

/** The last things that were said of one attempt, to be said again where the stream may have lost them. */
export class SaidLately {
  private list: SaidEntry[] = [];
  private characters = 0;
  /** Of the log, all in all. */
  logBytes = 0;
  /** How often the stream had come back when all of this was last said. */
  reconnects: number;

  constructor(reconnects: number) {
    this.reconnects = reconnects;
  }

  get entries(): readonly SaidEntry[] {
    return this.list;
  }

  add(entries: SaidEntry[]): void {
    for (const entry of entries) {
      this.list.push(entry);
      this.characters += entry.fields.payload.length;
    }
    let forgotten = 0;
    // The last one is kept, whatever its size.
    while (this.characters > MAX_CHARACTERS && forgotten < this.list.length - 1) {
      this.characters -= this.list[forgotten++]!.fields.payload.length;
    }
    if (forgotten > 0) this.list = this.list.slice(forgotten);
  }
}
