import { getSystemErrorMap } from 'node:util';

/** A file of the configuration that cannot be used, or one that can but says something that nobody carries out. */
export interface FileProblem {
  /** Relative to the configuration folder. */
  file: string;
  line: number | null;
  reason: string;
}

export function problemText({ file, line, reason }: FileProblem): string {
  return `${file}${line === null ? '' : `, line ${line}`}: ${reason}`;
}

/** A file of the configuration that is larger than is read. */
export class FileTooLarge extends Error {
  constructor(limitBytes: number) {
    super(`it is larger than ${limitBytes} bytes`);
  }
}

/** Why a file cannot be read, without its path: problems are shown to clients, who have no business with this machine. */
export function unreadable(error: unknown): string {
  if (error instanceof FileTooLarge) return `the file cannot be read: ${error.message}`;
  const { errno, code } = error as NodeJS.ErrnoException;
  const [, words] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return `the file cannot be read: ${words ?? code ?? 'unknown reason'}`;
}
