import { statfs } from 'node:fs/promises';

/** With less, next to nothing can be written any more. */
const FULL_BELOW_BYTES = 1024 * 1024;

/** Whether the disk of one of these folders is full; no where the system does not tell. */
export async function isAnyDiskFull(folders: string[]): Promise<boolean> {
  const free = await Promise.all(
    folders.map((folder) =>
      statfs(folder).then(
        ({ bavail, bsize }) => bavail * bsize,
        () => Infinity,
      ),
    ),
  );
  return free.some((bytes) => bytes < FULL_BELOW_BYTES);
}
