import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { glob } from 'tinyglobby';

/** The watched files at one moment. Without a fingerprint, the reason says what to change. */
export type WatchedFiles =
  { fingerprint: string; reason?: undefined } | { fingerprint: null; reason: string };

export interface WatchLimits {
  /** Matching files. */
  files: number;
  /** Entries of all folders that are read. */
  entries: number;
  milliseconds: number;
}

export const WATCH_LIMITS: WatchLimits = { files: 10_000, entries: 100_000, milliseconds: 2_000 };
/** Calls to the file system under way at once. Steps and log files share its four threads. */
const AT_ONCE = 8;

type ReadFolder = (
  path: string,
  options: { withFileTypes: true },
  done: (error: NodeJS.ErrnoException | null, entries: fs.Dirent[]) => void,
) => void;

/**
 * Computes the fingerprint of the files that match the patterns: their paths, sizes and times of change. Not their
 * content, which would have to be read at each check. Links are not followed. A folder that cannot be read has no
 * fingerprint, because its files are not known to be absent. Never throws.
 * @param folder to which the patterns are relative
 */
export async function watchedFiles(
  folder: string,
  patterns: readonly string[],
  limits: WatchLimits = WATCH_LIMITS,
): Promise<WatchedFiles> {
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
          stop(`the folder "${shown(root, path)}" is a link to a place outside of the server's folder`);
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
    const lines = await linesOf(root, files, search.signal, stop);
    if (reason !== null) return { fingerprint: null, reason };
    return { fingerprint: createHash('sha256').update(lines.join('\n')).digest('hex') };
  } catch (error) {
    return { fingerprint: null, reason: `they cannot be read: ${(error as Error).message}` };
  } finally {
    clearTimeout(timer);
  }
}

/** Returns a line for each file, in the order of their paths. A file that vanishes during the search is absent. */
async function linesOf(
  root: string,
  files: string[],
  signal: AbortSignal,
  stop: (why: string) => void,
): Promise<string[]> {
  const lines: string[] = [];
  files.sort();
  for (let start = 0; start < files.length && !signal.aborted; start += AT_ONCE) {
    const found = await Promise.all(
      files.slice(start, start + AT_ONCE).map(async (file) => {
        try {
          const { size, mtimeMs } = await lstat(`${root}/${file}`);
          return [JSON.stringify([file, size, mtimeMs])];
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code !== 'ENOENT' && code !== 'ENOTDIR') stop(`the file "${file}" cannot be read (${code})`);
          return [];
        }
      }),
    );
    lines.push(...found.flat());
  }
  return lines;
}

function shown(root: string, path: string): string {
  return relative(root, path) || '.';
}
