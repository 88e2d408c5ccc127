import { chmod, opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PRIVATE_FOLDER } from '../lifecycle/private-files';

/**
 * Deletes a folder that steps wrote to, with all files in it. A folder that a step made read-only is made writable first.
 * Links are deleted and not followed.
 * @throws the error of the file system, for example if another user owns a file in it
 */
export async function deleteFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!isDenied(error)) throw error;
    await makeWritable(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function makeWritable(path: string): Promise<void> {
  await chmod(path, PRIVATE_FOLDER);
  for await (const entry of await opendir(path)) {
    if (entry.isDirectory()) await makeWritable(join(path, entry.name));
  }
}

function isDenied(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM';
}
