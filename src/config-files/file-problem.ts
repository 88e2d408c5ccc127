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
