import * as fs from 'node:fs';
import { realpath } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { glob } from 'tinyglobby';

export interface SearchLimits {
  /** Matching files. */
  files: number;
  /** Entries of all folders that are read. */
  entries: number;
  milliseconds: number;
}

/** The files that match, sorted. Without them, the reason says what to change. */
export type FoundFiles = { files: string[]; reason: null } | { files: null; reason: string };

type ReadFolder = (
  path: string,
  options: { withFileTypes: true },
  done: (error: NodeJS.ErrnoException | null, entries: fs.Dirent[]) => void,
) => void;

/**
 * Returns the files of a folder that match the patterns, within limits. Links are not followed. A folder that cannot be
 * read is a reason, because its files are not known to be absent. Never throws.
 * @param folder to which the patterns and the files are relative
 */
export async function findFiles(
  folder: string,
  patterns: readonly string[],
  limits: SearchLimits,
): Promise<FoundFiles> {
  const search = new AbortController();
  let reason: string | null = null;
  const stop = (why: string) => {
    reason ??= why;
    search.abort();
  };
  const timer = setTimeout(() => stop('reading them takes too long'), limits.milliseconds);
  try {
    const root = await realpath(folder);
    let entriesRead = 0;
    const readFolder: ReadFolder = (path, options, done) => {
      if (search.signal.aborted) return done(null, []);
      fs.realpath(path, (_unresolved, real) => {
        if (real !== undefined && real !== root && !real.startsWith(root + sep)) {
          stop(`the folder "${shown(root, path)}" is a link to a place outside of the searched folder`);
          return done(null, []);
        }
        fs.readdir(path, options, (error, entries) => {
          if (error && error.code !== 'ENOENT' && error.code !== 'ENOTDIR')
            stop(`the folder "${shown(root, path)}" cannot be read (${error.code})`);
          entriesRead += entries?.length ?? 0;
          if (entriesRead > limits.entries) stop(`their folders have more than ${limits.entries} entries`);
          done(error, entries);
        });
      });
    };
    const files = await glob(patterns, {
      cwd: root,
      followSymbolicLinks: false,
      signal: search.signal,
      fs: { readdir: readFolder as typeof fs.readdir },
    }).catch((error: unknown) => {
      if (reason === null) throw error;
      return [];
    });
    if (files.length > limits.files) stop(`they are more than ${limits.files} files`);
    return reason === null ? { files: files.sort(), reason } : { files: null, reason };
  } catch (error) {
    return { files: null, reason: `they cannot be read: ${(error as Error).message}` };
  } finally {
    clearTimeout(timer);
  }
}

function shown(root: string, path: string): string {
  return relative(root, path) || '.';
}
