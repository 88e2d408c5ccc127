import { statfs } from 'node:fs/promises';
import { MEGABYTE, sizeText } from '../config/size-text';
import { BackupError } from './backup-error';

/** Stays free in any case, because a server may use the same disk. */
const MIN_FREE_BYTES = 64 * MEGABYTE;

/** Bytes written between two looks at the free space. */
const LOOK_EVERY_BYTES = 16 * 1024 * 1024;

/** Looks at the free space of a folder while files are written to it. */
export class FreeSpaceWatch {
  private bytesUntilLook = 0;

  constructor(private readonly folder: string) {}

  /** Call it before each write. @throws BackupError if the disk has too little space for the next writes */
  async beforeWrite(bytes: number): Promise<void> {
    this.bytesUntilLook -= bytes;
    if (this.bytesUntilLook > 0) return;
    await assertRoom(this.folder, LOOK_EVERY_BYTES);
    this.bytesUntilLook = LOOK_EVERY_BYTES;
  }
}

/** @throws BackupError if the disk of the folder has less space than a file needs */
export async function assertRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes - bytes >= MIN_FREE_BYTES) return;
  throw new BackupError(
    `The disk of ${folder} has ${sizeText(freeBytes)} of free space, and ${sizeText(bytes + MIN_FREE_BYTES)} are needed. Free some space.`,
  );
}
