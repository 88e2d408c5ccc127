import { join } from 'node:path';
import { DataFolderInUse, DataFolderLock } from './data-folder-lock';

const MAX_WORKERS = 1000;

/**
 * A worker's own folder below DATA_DIR: the first of `worker-1`, `worker-2`, … that no living worker has. So a server
 * and any number of workers share one DATA_DIR, and whoever takes the place of a dead one finds what it left.
 */
export function takeWorkerFolder(dataDir: string): { folder: string; lock: DataFolderLock } {
  for (let number = 1; number <= MAX_WORKERS; number++) {
    const folder = join(dataDir, `worker-${number}`);
    try {
      return { folder, lock: DataFolderLock.take(folder) };
    } catch (error) {
      if (!(error instanceof DataFolderInUse)) throw error;
    }
  }
  throw new DataFolderInUse(dataDir);
}
