import { realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** Resolves links, as far as the path exists. */
export async function realLocation(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realLocation(parent), relative(parent, path));
  }
}

/** Returns true for the folder itself too. Both paths are without links. */
export function isWithin(path: string, folder: string): boolean {
  return `${path}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}
