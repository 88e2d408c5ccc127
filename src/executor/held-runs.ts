import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttemptKey } from './control-plane';

/**
 * Notes which attempts this worker holds, so that its next life can hand back what a crash cut off, rather than let
 * everybody wait for the end of the leases. A note is a file whose name says all: a crash cannot make half of one.
 */
export class HeldRuns {
  private readonly folder: string;

  constructor(dataDir: string) {
    this.folder = join(dataDir, 'held');
    mkdirSync(this.folder, { recursive: true });
  }

  hold(key: AttemptKey): void {
    writeFileSync(this.fileOf(key), '');
  }

  forget(key: AttemptKey): void {
    rmSync(this.fileOf(key), { force: true });
  }

  list(): AttemptKey[] {
    return readdirSync(this.folder).flatMap((name) => {
      const [, runId, attempt] = /^([0-9a-f-]{36})\.(\d+)$/.exec(name) ?? [];
      return runId === undefined ? [] : [{ runId, attempt: Number(attempt) }];
    });
  }

  private fileOf({ runId, attempt }: AttemptKey): string {
    return join(this.folder, `${runId}.${attempt}`);
  }
}
