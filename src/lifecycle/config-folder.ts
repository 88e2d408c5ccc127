import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StartUpError } from './start-up-error';

/**
 * Creates missing configuration folders, so that a first file can be saved in them.
 * @throws StartUpError if one of them cannot be created or read
 */
export function makeConfigFolder(configDir: string): void {
  for (const folder of [configDir, join(configDir, 'projects')]) {
    try {
      if (isMissing(folder)) mkdirSync(folder, { recursive: true });
      readdirSync(folder);
    } catch (error) {
      throw new StartUpError(`CONFIG_DIR: ${folder} ${whyUnusable(error as NodeJS.ErrnoException)}`, {
        cause: error,
      });
    }
  }
}

function isMissing(folder: string): boolean {
  try {
    readdirSync(folder);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function whyUnusable({ code, syscall, path }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' && path !== undefined && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    return 'is a broken symbolic link. Fix the link, or set another CONFIG_DIR.';
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return 'is a file, not a folder. Move the file, or set another CONFIG_DIR.';
  if (syscall === 'mkdir')
    return `does not exist and cannot be created (${code}). Create the folder, or set another CONFIG_DIR.`;
  return `cannot be read (${code}). Give the user account of this server read access, or set another CONFIG_DIR.`;
}
