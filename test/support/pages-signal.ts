import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A signal to a step: the step waits until the test creates this file. */
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
