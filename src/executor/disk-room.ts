import { statfs } from 'node:fs/promises';

/** Below this, hardly any write succeeds. */
const FULL_BELOW_BYTES = 1024 * 1024;

/** Whether the disk of one of these folders is full; false if the system does not report it. */
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
