/** The ids that were added last, so many of them. */
export class RecentIds {
  private readonly ids = new Set<string>();

  constructor(private readonly maxCount: number) {}

  has(id: string): boolean {
    return this.ids.has(id);
  }

  add(id: string): void {
    this.ids.add(id);
    for (const oldest of this.ids) {
      if (this.ids.size <= this.maxCount) break;
      this.ids.delete(oldest);
    }
  }
}
