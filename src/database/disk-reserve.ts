import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE_FILE } from '../lifecycle/private-files';

/** SQLite needs 32 KiB of shared memory before it can read a first row; the rest is for the first writes after it. */
const RESERVE_BYTES = 512 * 1024;
const TRY_AGAIN_MS = 60_000;

/**
 * Room that is put aside while there is some. Given up at a start on a full disk, which could not even read its
 * database otherwise.
 */
export class DiskReserve {
  private readonly file: string;
  private lastTryMs = -TRY_AGAIN_MS;

  constructor(folder: string) {
    this.file = join(folder, 'reserve');
  }

  /** @returns whether there was a reserve */
  release(): boolean {
    if (!existsSync(this.file)) return false;
    rmSync(this.file);
    this.lastTryMs = performance.now(); // not taken back before it was of use
    return true;
  }

  /** Puts it aside, unless it is there. Cheap enough to be called every second. */
  keep(): void {
    if (existsSync(this.file) || performance.now() - this.lastTryMs < TRY_AGAIN_MS) return;
    this.lastTryMs = performance.now();
    try {
      // Random, because a file system may store zeros in no room at all.
      writeFileSync(this.file, randomBytes(RESERVE_BYTES), { mode: PRIVATE_FILE });
    } catch {
      rmSync(this.file, { force: true });
    }
  }
}
