import { getSystemErrorMap } from 'node:util';

/** What is wrong with a file, and where in it. */
export interface Flaw {
  /** Null where the flaw is not in a line, for example because the file cannot be read. */
  line: number | null;
  reason: string;
}

/** A flaw of a file of the configuration. */
export interface FileProblem extends Flaw {
  /** Relative to the configuration folder. */
  file: string;
}

export function problemText({ file, line, reason }: FileProblem): string {
  return `${file}${line === null ? '' : `, line ${line}`}: ${reason}`;
}

/** A file of the configuration that cannot be read for what is in it. */
export class UnusableContent extends Error {}

/** Why a file or folder cannot be read, without its path: problems are shown to clients. */
export function unreadable(error: unknown, what = 'file'): string {
  if (error instanceof UnusableContent) return `the ${what} cannot be read: ${error.message}`;
  const { errno, code } = error as NodeJS.ErrnoException;
  const [, words] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return `the ${what} cannot be read: ${words ?? code ?? 'unknown reason'}`;
}
