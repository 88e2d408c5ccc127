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

/** What Jobato keeps for itself below a data folder. Steps may use what lies inside: they run as the same user. */
const PRIVATE_FOLDERS = ['db', 'held', 'processes', 'runs', 'uploads', 'work'];
/** Steps write into these. They are made at the start, so that they are private from the first run on. */
export const STEP_FOLDERS = ['runs', 'work'] as const;
export type StepFolder = (typeof STEP_FOLDERS)[number];
/** Files in these are Jobato's own; in the others they are those of steps. */
const FOLDERS_OF_PRIVATE_FILES = ['.', 'db', 'held', 'processes'];

export const PRIVATE_FOLDER = 0o700;
export const PRIVATE_FILE = 0o600;
/** Others may pass through the data folder, to folders inside that they were given access to, but not list it. */
const PASSABLE_FOLDER = 0o711;
const PASSING = 0o111;
const WRITING_OF_OTHERS = 0o002;

/** Makes a folder that only the user of this process can enter, independent of the umask. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
}

/** Makes a file that only the user of this process can read; one that is there is not even opened. */
export function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', PRIVATE_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Makes the data folder, or tightens one that an earlier version made: Jobato's own files and folders become readable
 * by its user only. What cannot be changed is left as it is.
 * @param stepFolders those that steps use in this folder
 * @returns a sentence for each path that could not be changed
 * @throws the error of the file system if the folder cannot be made or used
 */
export function makeDataFolder(dataDir: string, stepFolders: readonly StepFolder[] = STEP_FOLDERS): string[] {
  const isNew = mkdirSync(dataDir, { recursive: true }) !== undefined;
  accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  const warnings: string[] = [];
  const setMode = (path: string, mode: (present: number) => number): void => {
    try {
      const stats = lstatSync(path);
      if (stats.isSymbolicLink()) return; // its target is not ours to change
      const present = stats.mode & 0o7777;
      if (mode(present) !== present) chmodSync(path, mode(present));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT')
        warnings.push(`Other users may be able to read ${path}: its mode cannot be changed (${code}).`);
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

/** A full disk must not keep the server from starting. */
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
