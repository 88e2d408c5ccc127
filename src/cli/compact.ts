import { loadConfig } from '../config/config';
import { readEnvironment } from '../config/environment';
import { sizeText } from '../config/size-text';
import { compact, type Compacted } from '../database/compact';
import { DataFolderLock } from '../lifecycle/data-folder-lock';
import { StartUpError } from '../lifecycle/start-up-error';
import { assertNoUnfinishedRestore } from '../lifecycle/unfinished-restore';
import { CliFailure, EXIT } from './failures';
import { Terminal } from './terminal';

/** Compacts the database in DATA_DIR, while no server uses it. */
export function compactDatabase(): number {
  const config = loadConfig(readEnvironment(process.env).variables);
  const { beforeBytes, afterBytes } = asFailure(() => compacted(config.dataDir, config.databaseFile));
  new Terminal(process.stdout).result([
    `${config.databaseFile}: ${sizeText(beforeBytes)} before, ${sizeText(afterBytes)} after`,
  ]);
  return EXIT.done;
}

function compacted(dataDir: string, file: string): Compacted {
  const lock = DataFolderLock.take(dataDir);
  try {
    assertNoUnfinishedRestore(dataDir);
    return compact(file);
  } finally {
    lock.release();
  }
}

function asFailure<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof StartUpError) throw new CliFailure(error.message, EXIT.notCompleted);
    throw error;
  }
}
