import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a step waits for: a file that the test puts there when it wants the step to go on. */
export class Given {
  private readonly folder = mkdtempSync(join(tmpdir(), 'jobato-signal-'));
  readonly path = join(this.folder, 'go');

  give(): void {
    writeFileSync(this.path, '');
  }

  take(): void {
    rmSync(this.path, { force: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
