import { LRUCache } from 'lru-cache';

/**
 * A cache of values, each valid while the stamp of its sources is the same. Bounded: the least recently used value
 * is dropped.
 */
export class Remembered<Value> {
  private readonly entries: LRUCache<string, { stamp: string; value: Promise<Value> }>;

  constructor(most: number) {
    this.entries = new LRUCache({ max: most });
  }

  get(key: string, stamp: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.entries.get(key);
    if (known?.stamp === stamp) return known.value;
    const entry = { stamp, value: make() };
    this.entries.set(key, entry);
    entry.value.catch(() => {
      if (this.entries.peek(key) === entry) this.entries.delete(key);
    });
    return entry.value;
  }
}
