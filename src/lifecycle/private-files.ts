import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from 'node:fs';
import { join } from 'node:path';

/** Jobato's private folders below a data folder. Steps run as the same user and may use their contents. */
const PRIVATE_FOLDERS = ['db', 'held', 'pipes', 'processes', 'runs', 'uploads', 'work'];
/** Folders that steps write to. Created at start-up, so that they are private before the first run. */
export const STEP_FOLDERS = ['runs', 'work'] as const;
export type StepFolder = (typeof STEP_FOLDERS)[number];
/** Folders whose files are Jobato's own. Files in the other folders belong to steps. */
const FOLDERS_OF_PRIVATE_FILES = ['.', 'db', 'held', 'processes'];

/** Pages that runs capture, below a folder for each project and in it one for each run. The umask decides who may read. */
export const HTML_FOLDER = 'html';

export const PRIVATE_FOLDER = 0o700;
export const PRIVATE_FILE = 0o600;
/** Other users may traverse the data folder, to reach inner folders that they can access, but not list it. */
const PASSABLE_FOLDER = 0o711;
const PASSING = 0o111;
const WRITING_OF_OTHERS = 0o002;

/** Creates a folder that only the user of this process can enter, independent of the umask. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
}

/** Creates a file that only the user of this process can read. Does not open an existing file. */
export function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', PRIVATE_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Creates the data folder, or restricts one that an earlier version created. Jobato's own files and folders become
 * readable by its user only. Paths that cannot be changed stay unchanged.
 * @param stepFolders those that steps use in this folder
 * @returns a sentence for each path that could not be changed
 * @throws the error of the file system if the folder cannot be created or used
 */
export function makeDataFolder(dataDir: string, stepFolders: readonly StepFolder[] = STEP_FOLDERS): string[] {
  const isNew = mkdirSync(dataDir, { recursive: true }) !== undefined;
  accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  const warnings: string[] = [];
  const setMode = (path: string, mode: (present: number) => number): void => {
    try {
      const stats = lstatSync(path);
      if (stats.isSymbolicLink()) return; // do not change the target of a link
      const present = stats.mode & 0o7777;
      if (mode(present) !== present) chmodSync(path, mode(present));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT')
        warnings.push(
          `Other users may be able to read ${path}, because its mode cannot be changed (${code}).`,
        );
    }
  };
  setMode(dataDir, (present) => (isNew ? PASSABLE_FOLDER : (present | PASSING) & ~WRITING_OF_OTHERS));
  for (const name of stepFolders) makeIfThereIsRoom(join(dataDir, name));
  for (const name of PRIVATE_FOLDERS) setMode(join(dataDir, name), () => PRIVATE_FOLDER);
  for (const name of FOLDERS_OF_PRIVATE_FILES) {
    for (const file of filesIn(join(dataDir, name))) setMode(file, () => PRIVATE_FILE);
  }
  return warnings;
}

/** Ignores a full disk, which must not prevent the start of the server. */
function makeIfThereIsRoom(folder: string): void {
  try {
    makePrivateFolder(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}
