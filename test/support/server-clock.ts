import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './crash';
import type { Folders, ServerProcess } from './jobato';

const PRELOAD = join(__dirname, 'shifted-clock.cjs');

/** The wall clock of servers on one data folder, which a test sets while they run. See shifted-clock.cjs. */
export class ServerClock {
  private readonly file: string;

  constructor({ root }: Folders) {
    this.file = join(root, 'clock-offset');
    this.write(0);
  }

  /** For the environment of each server that shall go by this clock. */
  get environment(): Record<string, string> {
    return { NODE_OPTIONS: `--require ${PRELOAD}`, CLOCK_OFFSET_FILE: this.file };
  }

  /** For servers that start from now on. */
  write(offsetMs: number): void {
    writeFileSync(this.file, String(offsetMs));
  }

  /** Resolves when the clock of this server is set. */
  async set(server: ServerProcess, offsetMs: number): Promise<void> {
    this.write(offsetMs);
    const seen = server.output.length;
    server.child.kill('SIGUSR2');
    await eventually(`a clock shifted by ${offsetMs} ms`, () =>
      server.output.slice(seen).some((line) => line === `The clock is shifted by ${offsetMs} ms`),
    );
  }
}
