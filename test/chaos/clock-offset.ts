import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PRELOAD = join(__dirname, '..', 'support', 'shifted-clock.cjs');

/** The offset of one process's wall clock, over all of its lives; see shifted-clock.cjs. */
export class ClockOffset {
  readonly nodeOptions = `--require ${PRELOAD}`;

  constructor(private readonly file: string) {
    this.write(0);
  }

  get environment(): Record<string, string> {
    return { CLOCK_OFFSET_FILE: this.file };
  }

  /** In one step, so that the process never reads half a number. It reads at its start, and again when told to. */
  write(offsetMs: number): void {
    writeFileSync(`${this.file}.new`, String(offsetMs));
    renameSync(`${this.file}.new`, this.file);
  }
}
