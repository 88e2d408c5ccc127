import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { OpenFolder } from '../files/open-below';
import type { SkipReason } from './archive-format';
import { isTooLong, staysInside } from './entry-path';

/** An entry of a folder. An open file is closed when the walk continues. */
export type Found = { path: Buffer } & (
  | { type: 'directory'; stats: Stats }
  | { type: 'file'; stats: Stats; file: FileHandle }
  | { type: 'symlink'; stats: Stats; target: Buffer }
  | { type: 'skipped'; reason: SkipReason }
);

/**
 * Walks a folder depth-first while other processes change it. Follows no links: a step may replace a folder by a link
 * at any moment. Each folder comes before its content.
 * @param path of the folder within the data folder
 * @param isWanted by its path; a folder that is not wanted is left out with its content
 */
export async function* walk(
  folder: OpenFolder,
  path: Buffer,
  isWanted: (path: Buffer) => boolean,
): AsyncGenerator<Found> {
  yield { type: 'directory', path, stats: await folder.stat() };
  for await (const name of folder.names()) {
    const inner = Buffer.concat([path, Buffer.from('/'), name]);
    if (!isWanted(inner)) continue;
    if (isTooLong(inner.toString('latin1'))) {
      yield { type: 'skipped', path: inner, reason: 'path-too-long' };
      continue;
    }
    yield* entry(folder, name, inner, isWanted);
  }
}

async function* entry(
  folder: OpenFolder,
  name: Buffer,
  path: Buffer,
  isWanted: (path: Buffer) => boolean,
): AsyncGenerator<Found> {
  let opened: OpenFolder | FileHandle | null = null;
  try {
    const stats = await folder.lstat(name);
    if (stats.isDirectory()) {
      opened = await folder.folder(name);
      yield* walk(opened, path, isWanted);
    } else if (stats.isSymbolicLink()) {
      const target = await folder.linkTarget(name);
      yield staysInside(path.toString('latin1'), target.toString('latin1'))
        ? { type: 'symlink', path, stats, target }
        : { type: 'skipped', path, reason: 'link' };
    } else if (stats.isFile()) {
      const file = (opened = await folder.file(name));
      const found = await file.stat();
      // It may have been replaced since.
      yield found.isFile()
        ? { type: 'file', path, stats: found, file }
        : { type: 'skipped', path, reason: 'special' };
    } else {
      yield { type: 'skipped', path, reason: 'special' };
    }
  } catch (error) {
    const reason = skipReasonOf(error);
    if (reason === null) throw error;
    yield { type: 'skipped', path, reason };
  } finally {
    await opened?.close();
  }
}

/** Returns null for an error that concerns more than this file. */
function skipReasonOf(error: unknown): SkipReason | null {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
    case 'EINVAL': // a link that became a file
    case 'ESTALE':
      return 'vanished';
    case 'EACCES':
    case 'EPERM':
    case 'EIO':
      return 'unreadable';
    case 'ENXIO': // a socket
    case 'ENODEV':
      return 'special';
    default:
      return null;
  }
}
