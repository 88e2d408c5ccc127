import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface FolderSize {
  bytes: number;
  files: number;
  /** The folder has more files than are counted. */
  isAtLeast: boolean;
}

const MAX_FILES = 1_000_000;
const FILES_BETWEEN_PAUSES = 200;
const PAUSE_MS = 5;

/**
 * Adds up the files below a folder, with pauses, so that the disk serves other requests too. Does not follow links.
 * Files that disappear meanwhile are left out.
 */
export async function folderSize(path: string, signal: AbortSignal): Promise<FolderSize> {
  const size: FolderSize = { bytes: 0, files: 0, isAtLeast: false };
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await opendir(folder).catch(() => null);
    if (entries === null) continue;
    for await (const entry of entries) {
      if (size.files >= MAX_FILES || signal.aborted) return { ...size, isAtLeast: true };
      const inner = join(folder, entry.name);
      if (entry.isDirectory()) {
        folders.push(inner);
        continue;
      }
      const stats = await lstat(inner).catch(() => null);
      size.files++;
      size.bytes += stats?.size ?? 0;
      if (size.files % FILES_BETWEEN_PAUSES === 0)
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return size;
}
