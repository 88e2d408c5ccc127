import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './crash';
import type { Folders, ServerProcess } from './jobato';

const PRELOAD = join(__dirname, 'shifted-clock.cjs');

/** The wall clock of servers on one data folder, which tests set at run time. See shifted-clock.cjs. */
export class ServerClock {
  private readonly file: string;

  constructor({ root }: Folders) {
    this.file = join(root, 'clock-offset');
    this.write(0);
  }

  /** The environment of each server that uses this clock. */
  get environment(): Record<string, string> {
    return { NODE_OPTIONS: `--require ${PRELOAD}`, CLOCK_OFFSET_FILE: this.file };
  }

  /** Sets the clock of servers that start later. */
  write(offsetMs: number): void {
    writeFileSync(this.file, String(offsetMs));
  }

  /** Sets the clock of a running server. Resolves when it has taken effect. */
  async set(server: ServerProcess, offsetMs: number): Promise<void> {
    this.write(offsetMs);
    const seen = server.output.length;
    server.child.kill('SIGUSR2');
    await eventually(`a clock shifted by ${offsetMs} ms`, () =>
      server.output.slice(seen).some((line) => line === `The clock is shifted by ${offsetMs} ms`),
    );
  }
}
