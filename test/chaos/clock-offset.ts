import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PRELOAD = join(__dirname, '..', 'support', 'shifted-clock.cjs');

/** The wall clock of one process, which the test can set; see shifted-clock.cjs. */
export class ClockOffset {
  readonly nodeOptions = `--require ${PRELOAD}`;

  constructor(private readonly file: string) {}

  get environment(): Record<string, string> {
    return { CLOCK_OFFSET_FILE: this.file };
  }

  /** In one step, so that the process never reads half a number. */
  set(offsetMs: number): void {
    writeFileSync(`${this.file}.new`, String(offsetMs));
    renameSync(`${this.file}.new`, this.file);
  }
}
