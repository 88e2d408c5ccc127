import type { Report, SkipReason } from './archive-format';

/** Enough to find the cause; the rest is counted. */
const MAX_LISTED = 1000;

/** The files that an archive does not have as they are on the disk. */
export class SkippedFiles {
  private readonly listed: Report['skipped'] = [];
  count = 0;

  add(path: Buffer, reason: SkipReason): void {
    if (this.count++ < MAX_LISTED) this.listed.push({ path: path.toString(), reason });
  }

  get first(): Report['skipped'] {
    return this.listed;
  }
}
