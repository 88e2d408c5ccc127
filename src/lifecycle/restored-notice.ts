import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instant } from '../clock/clock';
import { PRIVATE_FILE } from './private-files';

/** In DATA_DIR from a restore until the first start after it. */
export const RESTORED_FILE = 'restored.json';

export interface RestoredNotice {
  /** When the backup was made. */
  createdAt: Instant;
  restoredAt: Instant;
}

export function writeRestoredNotice(folder: string, notice: RestoredNotice): void {
  writeFileSync(join(folder, RESTORED_FILE), JSON.stringify(notice), { mode: PRIVATE_FILE });
}

/** Returns whether the data folder was restored, and its runs have not been settled since. */
export function hasRestoredNotice(dataDir: string): boolean {
  try {
    readFileSync(join(dataDir, RESTORED_FILE));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

export function removeRestoredNotice(dataDir: string): void {
  rmSync(join(dataDir, RESTORED_FILE), { force: true });
}
