import { statfs } from 'node:fs/promises';
import { MEGABYTE, sizeText } from '../config/size-text';
import { BackupError } from './backup-error';

/** Stays free in any case, because a server may use the same disk. */
const MIN_FREE_BYTES = 64 * MEGABYTE;

/** @throws BackupError if the disk of the folder has less space than a file needs */
export async function assertRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes - bytes >= MIN_FREE_BYTES) return;
  throw new BackupError(
    `The disk of ${folder} has ${sizeText(freeBytes)} of free space, and ${sizeText(bytes + MIN_FREE_BYTES)} are needed. Free some space.`,
  );
}
