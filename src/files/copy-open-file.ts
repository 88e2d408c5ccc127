import { constants, existsSync } from 'node:fs';
import { chmod, copyFile, type FileHandle, open } from 'node:fs/promises';
import { PRIVATE_FILE } from '../lifecycle/private-files';

const HAS_PROC = existsSync('/proc/self/fd');
const PORTION_BYTES = 1024 * 1024;
/** Otherwise one call at the end would write the whole file to a slow disk. */
const SYNC_EVERY_BYTES = 32 * PORTION_BYTES;

/**
 * Copies an open file to a new path. Shares its blocks where the file system can do that, and otherwise copies in small
 * portions: a call for the whole file would occupy a thread of Node's pool until its end, which no signal stops. The
 * process could not exit before that.
 * @throws the reason of `signal` after it aborts
 */
export async function copyOpenFile(source: FileHandle, target: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (HAS_PROC && (await isCloned(source, target))) return;
  const { size } = await source.stat();
  const copy = await open(target, 'wx');
  try {
    const buffer = Buffer.allocUnsafeSlow(PORTION_BYTES);
    // Not further than this size: the file could grow without end.
    for (let position = 0; position < size;) {
      signal?.throwIfAborted();
      const { bytesRead } = await source.read(buffer, 0, PORTION_BYTES, position);
      if (bytesRead === 0) return;
      await copy.writeFile(buffer.subarray(0, bytesRead));
      position += bytesRead;
      if (position % SYNC_EVERY_BYTES === 0) await copy.datasync();
    }
  } finally {
    await copy.close();
  }
}

async function isCloned(source: FileHandle, target: string): Promise<boolean> {
  const mode = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
  try {
    await copyFile(`/proc/self/fd/${source.fd}`, target, mode);
  } catch {
    return false;
  }
  // It has the mode of the source, which may be read-only.
  await chmod(target, PRIVATE_FILE);
  return true;
}
