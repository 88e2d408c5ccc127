import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PRELOAD = join(__dirname, '..', 'support', 'shifted-clock.cjs');

/** The offset of a process's wall clock, which survives restarts; see shifted-clock.cjs. */
export class ClockOffset {
  readonly nodeOptions = `--require ${PRELOAD}`;

  constructor(private readonly file: string) {
    this.write(0);
  }

  get environment(): Record<string, string> {
    return { CLOCK_OFFSET_FILE: this.file };
  }

  /**
   * Writes atomically, so that the process never reads half a number. It reads the file at start-up and on SIGUSR2.
   */
  write(offsetMs: number): void {
    writeFileSync(`${this.file}.new`, String(offsetMs));
    renameSync(`${this.file}.new`, this.file);
  }
}
