import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { findFiles, type SearchLimits } from './file-search';

/** The watched files at one moment. Without a fingerprint, the reason says what to change. */
export type WatchedFiles =
  { fingerprint: string; reason?: undefined } | { fingerprint: null; reason: string };

export const WATCH_LIMITS: SearchLimits = { files: 10_000, entries: 100_000, milliseconds: 2_000 };

/** Calls to the file system under way at once. Steps and log files share its four threads. */
const AT_ONCE = 8;

/**
 * Computes the fingerprint of the files that match the patterns: their paths, sizes and times of change. Not their
 * content, which would have to be read at each check. Never throws.
 * @param folder to which the patterns are relative
 */
export async function watchedFiles(
  folder: string,
  patterns: readonly string[],
  limits: SearchLimits = WATCH_LIMITS,
): Promise<WatchedFiles> {
  const over = AbortSignal.timeout(limits.milliseconds);
  const { files, reason } = await findFiles(folder, patterns, limits);
  if (files === null) return { fingerprint: null, reason };
  try {
    const lines = await linesOf(folder, files, over);
    return { fingerprint: createHash('sha256').update(lines.join('\n')).digest('hex') };
  } catch (error) {
    return { fingerprint: null, reason: (error as Error).message };
  }
}

/** Returns a line for each file. A file that vanishes during the search is absent. @throws Error with the reason */
async function linesOf(folder: string, files: string[], signal: AbortSignal): Promise<string[]> {
  const lines: string[] = [];
  for (let start = 0; start < files.length; start += AT_ONCE) {
    if (signal.aborted) throw new Error('reading them takes too long');
    const found = await Promise.all(
      files.slice(start, start + AT_ONCE).map(async (file) => {
        try {
          const { size, mtimeMs } = await lstat(join(folder, file));
          return [JSON.stringify([file, size, mtimeMs])];
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code === 'ENOENT' || code === 'ENOTDIR') return [];
          throw new Error(`the file "${file}" cannot be read (${code})`, { cause: error });
        }
      }),
    );
    lines.push(...found.flat());
  }
  return lines;
}
