/**
 * A cache of values, each valid while the stamp of its sources is the same. Bounded: the least recently used value
 * is dropped.
 */
export class Remembered<Value> {
  private readonly entries = new Map<string, { stamp: string; value: Promise<Value> }>();

  constructor(private readonly most: number) {}

  get(key: string, stamp: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.entries.get(key);
    this.entries.delete(key);
    const entry = known?.stamp === stamp ? known : { stamp, value: make() };
    this.entries.set(key, entry);
    const [oldest] = this.entries.keys();
    if (this.entries.size > this.most) this.entries.delete(oldest!);
    entry.value.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    return entry.value;
  }
}
