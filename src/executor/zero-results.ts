import type { ZeroResult } from '../runs/run';

/** The final event may have 1 MiB, and must not be rejected because of them. This also limits their number. */
const MAX_BYTES = 512 * 1024;

/** The searches without results that the steps of a run report, within the limits of the final event. */
export class ZeroResults {
  private readonly items: ZeroResult[] = [];
  private bytes = 0;
  private isReported = false;

  /** Null if no list was reported. An empty list means that each search found something. */
  get reported(): readonly ZeroResult[] | null {
    return this.isReported ? this.items : null;
  }

  /** Drops what exceeds the limit. */
  add(searches: readonly ZeroResult[]): void {
    this.isReported = true;
    for (const search of searches) {
      const bytes = Buffer.byteLength(JSON.stringify(search));
      if (this.bytes + bytes > MAX_BYTES) return;
      this.bytes += bytes;
      this.items.push(search);
    }
  }
}
