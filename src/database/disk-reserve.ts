import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE_FILE } from '../lifecycle/private-files';

/** SQLite needs 32 KiB of shared memory before it can read the first row. The rest is for the first writes. */
const RESERVE_BYTES = 512 * 1024;
const TRY_AGAIN_MS = 60_000;

/**
 * Disk space reserved while there is enough of it. Released if the server starts on a full disk, because SQLite could
 * not even read the database otherwise.
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
    this.lastTryMs = performance.now(); // do not reserve the space again before it is used
    return true;
  }

  /** Creates the reserve unless it exists. Cheap enough to be called every second. */
  keep(): void {
    if (existsSync(this.file) || performance.now() - this.lastTryMs < TRY_AGAIN_MS) return;
    this.lastTryMs = performance.now();
    try {
      // Random, because some file systems allocate no space for zeros.
      writeFileSync(this.file, randomBytes(RESERVE_BYTES), { mode: PRIVATE_FILE });
    } catch {
      rmSync(this.file, { force: true });
    }
  }
}
