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
    return 'is a link that leads nowhere. Correct the link or set another CONFIG_DIR.';
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return 'is not a folder. Move that file away or set another CONFIG_DIR.';
  if (syscall === 'mkdir')
    return `does not exist and cannot be created (${code}). Create it or set another CONFIG_DIR.`;
  return `cannot be read (${code}). Let the user of this server read it, or set another CONFIG_DIR.`;
}
