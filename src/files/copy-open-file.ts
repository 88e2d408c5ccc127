import { constants, createWriteStream, existsSync } from 'node:fs';
import { copyFile, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const HAS_PROC = existsSync('/proc/self/fd');

/** Copies an open file to a new path, without its content passing through this process where the system can do that. */
export async function copyOpenFile(source: FileHandle, target: string): Promise<void> {
  if (HAS_PROC) {
    await copyFile(
      `/proc/self/fd/${source.fd}`,
      target,
      constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE,
    );
  } else {
    await pipeline(
      source.createReadStream({ start: 0, autoClose: false }),
      createWriteStream(target, { flags: 'wx' }),
    );
  }
}
