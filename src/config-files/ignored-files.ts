import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { FileProblem } from './file-problem';

/** Deep enough for typical sub-folders, and cheap even next to a folder of packages. */
const MAX_DEPTH = 3;
const MAX_NAMED = 20;

/** Whether a file is read as YAML. */
export function isYamlName(name: string): boolean {
  return /^[^.].*\.ya?ml$/i.test(name);
}

/**
 * Returns a problem for each file whose name differs from an expected one in case or extension, because its author
 * expects it to be read.
 * @param names of the files in the folder
 */
export function misnamedFiles(names: readonly string[], expected: string): FileProblem[] {
  const stem = (name: string) => name.toLowerCase().replace(/\.ya?ml$/, '');
  return names
    .filter((name) => name !== expected && /\.ya?ml$/i.test(name) && stem(name) === stem(expected))
    .map((file) => ({ file, line: null, reason: `the file is ignored. Rename it to ${expected}` }));
}

/**
 * Returns a problem for each YAML file in a sub-folder, because its author may expect it to be read. Skips hidden
 * folders, such as those that Kubernetes creates in a mounted ConfigMap.
 * @param entries of the folder
 */
export async function ignoredFiles(root: string, folder: string, entries: Dirent[]): Promise<FileProblem[]> {
  const files = await filesInSubfolders(root, folder, entries, MAX_DEPTH);
  return files.slice(0, MAX_NAMED).map((file) => ({
    file,
    line: null,
    reason: `the file is ignored because it is in a subfolder. Move it to ${folder}`,
  }));
}

async function filesInSubfolders(
  root: string,
  folder: string,
  entries: Dirent[],
  depth: number,
): Promise<string[]> {
  const found: string[] = [];
  for (const entry of entries) {
    const { name } = entry;
    if (!entry.isDirectory() || name.startsWith('.') || name === 'node_modules' || isYamlName(name)) continue;
    const inside = posix.join(folder, name);
    const children = await readdir(join(root, inside), { withFileTypes: true }).catch(() => []);
    found.push(
      ...children
        .filter((child) => !child.isDirectory() && isYamlName(child.name))
        .map((child) => posix.join(inside, child.name))
        .sort(),
    );
    if (depth > 1) found.push(...(await filesInSubfolders(root, inside, children, depth - 1)));
  }
  return found;
}
