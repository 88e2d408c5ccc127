import { constants, type Stats } from 'node:fs';
import { access, type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UnusableContent } from './file-problem';
import { MAX_FILE_BYTES, readConfigFile } from './read-config-file';

/** Another program writes the file for a few milliseconds. */
const LOCK_RETRY_MS = 20;
const LOCK_TRIES = 100;
/** A lock file that is older was left by a process that was killed. */
const STALE_LOCK_MS = 10_000;
/** An editor that saves between reading and writing wins, and its file is read again. */
const TRIES = 5;
const BYTE_ORDER_MARK = '\ufeff';

/** Why a configuration file cannot be written, for readers. The file is as it was. */
export class NotWritable extends Error {}

/**
 * Replaces the text of a configuration file in one step: a reader, and a crash at any moment, finds the old or the new
 * text. Keeps owner, mode and byte order mark. Of a symbolic link, the target is replaced.
 *
 * The new text is written to a file beside the old one, which is also the lock against other writers, as Git does it.
 * Its name is hidden and has another ending, so that a leftover is never read as configuration.
 * @param edit returns the new text, or null to leave the file as it is. It runs again if the file has changed meanwhile
 * @throws NotWritable, UnusableContent, or the error of the file system, such as ENOENT or ENOSPC
 */
export async function rewriteFile(path: string, edit: (text: string) => string | null): Promise<void> {
  const target = await realpath(path);
  const lockPath = join(dirname(target), `.${basename(target)}.lock`);
  let isLeft = true;
  const lock = await create(lockPath);
  try {
    for (let tries = 1; ; tries++) {
      const before = await stat(target);
      const text = edit(await readConfigFile(target));
      if (text === null) return;
      await access(target, constants.W_OK);
      await fill(lock, before, text, await startsWithMark(target));
      if (!isSame(before, await stat(target))) {
        if (tries < TRIES) continue;
        throw new NotWritable('another program keeps changing it');
      }
      await rename(lockPath, target);
      isLeft = false;
      return await syncFolder(dirname(target));
    }
  } catch (error) {
    throw explained(error);
  } finally {
    await lock.close();
    if (isLeft) await rm(lockPath, { force: true });
  }
}

/** Creates the lock file. Waits for another writer, and removes the leftover of one that was killed. */
async function create(lockPath: string): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await open(lockPath, 'wx', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explained(error);
      const other = await stat(lockPath).catch(() => null);
      if (other !== null && Date.now() - other.mtimeMs > STALE_LOCK_MS) await rm(lockPath, { force: true });
      else if (tries >= LOCK_TRIES) throw new NotWritable('another program is writing it');
      else await pause(LOCK_RETRY_MS);
    }
  }
}

async function fill(file: FileHandle, like: Stats, text: string, hasMark: boolean): Promise<void> {
  const bytes = Buffer.from(hasMark ? BYTE_ORDER_MARK + text : text);
  if (bytes.length > MAX_FILE_BYTES)
    throw new UnusableContent(`it would be larger than ${MAX_FILE_BYTES} bytes`);
  await file.truncate(0);
  for (let written = 0; written < bytes.length;)
    written += (await file.write(bytes, written, bytes.length - written, written)).bytesWritten;
  const own = await file.stat();
  if (own.uid !== like.uid || own.gid !== like.gid) {
    await file.chown(like.uid, like.gid).catch(() => {
      throw new NotWritable('it belongs to another user or group, which would not stay its owner');
    });
  }
  // After the owner, whose change clears bits of the mode.
  await file.chmod(like.mode & 0o7777);
  await file.sync();
}

async function startsWithMark(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(3), 0, 3, 0);
    return buffer.equals(Buffer.from(BYTE_ORDER_MARK));
  } finally {
    await file.close();
  }
}

/** Makes the rename durable. Some file systems cannot sync a folder; the rename is done in any case. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

function isSame(one: Stats, other: Stats): boolean {
  return (
    one.dev === other.dev &&
    one.ino === other.ino &&
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs
  );
}

function explained(error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return new NotWritable('the server has no permission to write the file or its folder');
    case 'EROFS':
      return new NotWritable('it is on a read-only file system');
    // Not written in place instead: a crash in the middle would leave half a file.
    case 'EBUSY':
      return new NotWritable('it is mounted as a single file, which cannot be replaced. Mount its folder');
    default:
      return error;
  }
}
