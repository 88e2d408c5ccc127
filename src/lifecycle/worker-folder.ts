import { join } from 'node:path';
import { DataFolderInUse, DataFolderLock } from './data-folder-lock';
import { makeDataFolder } from './private-files';
import { dataFolderError } from './start-up-error';

const MAX_WORKERS = 1000;

/**
 * Takes a folder below DATA_DIR for this worker: the first of `worker-1`, `worker-2`, … that no running worker has
 * locked. A server and any number of workers can therefore share one DATA_DIR. A new worker finds the data of a dead
 * one. The worker folder contains the folders of runs; those of projects are in DATA_DIR/work, for all workers.
 * @returns the folder and its lock, with a sentence for each path that could not be made private
 */
export function takeWorkerFolder(dataDir: string): {
  folder: string;
  lock: DataFolderLock;
  warnings: string[];
} {
  const warnings = makeSharedFolder(dataDir);
  for (let number = 1; number <= MAX_WORKERS; number++) {
    const folder = join(dataDir, `worker-${number}`);
    try {
      const lock = DataFolderLock.take(folder, ['runs']);
      return { folder, lock, warnings: [...warnings, ...lock.warnings] };
    } catch (error) {
      if (!(error instanceof DataFolderInUse)) throw error;
    }
  }
  throw new DataFolderInUse(dataDir);
}

function makeSharedFolder(dataDir: string): string[] {
  try {
    return makeDataFolder(dataDir, ['work']);
  } catch (error) {
    throw dataFolderError(error, dataDir);
  }
}
