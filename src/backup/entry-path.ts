/**
 * Rules for the paths of an archive. Paths are given as one character per byte ('latin1'), because the names of files
 * may have any bytes.
 */
import { PARTS } from './archive-format';

/** With the path of a data folder in front, a path stays below the limit of the system (4096 bytes). */
export const MAX_PATH_BYTES = 2048;
/** Bounds the number of folders that are open at the same time. */
export const MAX_PATH_NAMES = 128;
const MAX_NAME_BYTES = 255;
/** Links may lead anywhere below the first two folders, such as `runs/<runId>` and `work/<projectId>`. */
const NAMES_OF_LINK_ROOT = 2;

export function isTooLong(path: string): boolean {
  return path.length > MAX_PATH_BYTES || path.split('/').length > MAX_PATH_NAMES;
}

/**
 * Returns whether a link stays within its run or project, even if its target passes other links of the archive. A ".."
 * is therefore only allowed before all names: behind a name that is a link, it would lead elsewhere.
 */
export function staysInside(path: string, target: string): boolean {
  const depth = path.split('/').length - 1 - NAMES_OF_LINK_ROOT;
  if (depth < 0 || target === '' || target.startsWith('/') || target.includes('\0')) return false;
  const names = target.split('/').filter((name) => name !== '' && name !== '.');
  const firstName = names.findIndex((name) => name !== '..');
  const upwards = firstName < 0 ? names.length : firstName;
  return upwards <= depth && !names.slice(upwards).includes('..');
}

/**
 * Checks that each entry lies directly in a folder of the archive that is still open: the entries of an archive are in
 * depth-first order. So no entry can be written through a link, and no list of earlier entries has to be kept.
 */
export class EntryOrder {
  private open: string[] = [];

  /** Returns why the entry is refused; null if it is not. */
  flawOf(path: string, isFolder: boolean): string | null {
    const names = path.split('/');
    if (path.startsWith('/') || names.some((name) => name === '..' || name === '.' || name === ''))
      return 'leads out of the data folder';
    if (path.includes('\0') || isTooLong(path) || names.some((name) => name.length > MAX_NAME_BYTES))
      return 'has a name that is too long or not allowed';
    if (!(PARTS as readonly string[]).includes(names[0]!) || (names.length === 1 && !isFolder))
      return 'is not a file of a data folder';
    const parent = names.slice(0, -1);
    if (parent.some((name, level) => name !== this.open[level]))
      return 'has no folder in the archive before it';
    this.open = isFolder ? names : parent;
    return null;
  }
}
