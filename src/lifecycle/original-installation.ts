import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE_FILE } from './private-files';

/** In a restored data folder, for good: the id of the installation that the backup was made of. */
export const ORIGINAL_FILE = 'restored-from';

export function writeOriginalId(folder: string, installationId: string): void {
  writeFileSync(join(folder, ORIGINAL_FILE), `${installationId}\n`, { mode: PRIVATE_FILE });
}

/** Returns null if the data folder was not restored from a backup. */
export function readOriginalId(dataDir: string): string | null {
  try {
    return readFileSync(join(dataDir, ORIGINAL_FILE), 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
