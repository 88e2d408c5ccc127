import { getSystemErrorMap } from 'node:util';

/** An error in a file, and its line. */
export interface Flaw {
  /** Null if the error is not in a line, for example because the file cannot be read. */
  line: number | null;
  reason: string;
}

/** An error in a configuration file. */
export interface FileProblem extends Flaw {
  /** Relative to the configuration folder. */
  file: string;
  /** The last valid version of the file stays in use. */
  keepsEarlier?: true;
}

export function problemText({ file, line, reason }: FileProblem): string {
  return `${file}${line === null ? '' : `, line ${line}`}: ${reason}`;
}

/** A configuration file whose content is unusable. */
export class UnusableContent extends Error {}

/** Explains why a file or folder cannot be read. Omits its path, because problems are shown to clients. */
export function unreadable(error: unknown, what = 'file'): string {
  if (error instanceof UnusableContent) return `the ${what} cannot be read: ${error.message}`;
  const { errno, code } = error as NodeJS.ErrnoException;
  const [, words] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return `the ${what} cannot be read: ${words ?? code ?? 'unknown reason'}`;
}
