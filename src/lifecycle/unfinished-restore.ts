import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StartUpError } from './start-up-error';

/** The folder in DATA_DIR into which a restore extracts. It exists only until the restore is complete. */
export const RESTORING_FOLDER = 'restoring';

/** @throws StartUpError if a restore into the folder was interrupted: its content is not complete */
export function assertNoUnfinishedRestore(dataDir: string): void {
  if (!existsSync(join(dataDir, RESTORING_FOLDER))) return;
  throw new StartUpError(
    `DATA_DIR: a restore into ${dataDir} was interrupted, so its content is not complete. Run "jobato restore" again, or empty the folder.`,
  );
}
