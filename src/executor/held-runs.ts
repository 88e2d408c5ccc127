import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder } from '../lifecycle/private-files';
import type { AttemptKey } from './control-plane';

const NOTE = /^([0-9a-f-]{36})\.(\d+)$/;
const UNFINISHED = '.new';

/**
 * Records the attempts that this worker holds. After a crash, the next start hands them back, so that the runs need
 * not wait until their leases expire. Each record is a file. Its name identifies the attempt, its content is the lease
 * token, and it is created atomically.
 */
export class HeldRuns {
  private readonly folder: string;

  constructor(dataDir: string) {
    this.folder = join(dataDir, 'held');
    makePrivateFolder(this.folder);
  }

  hold(key: AttemptKey): void {
    const file = this.fileOf(key);
    writeFileSync(`${file}${UNFINISHED}`, key.leaseToken ?? '', { mode: 0o600 });
    renameSync(`${file}${UNFINISHED}`, file);
  }

  forget(key: AttemptKey): void {
    rmSync(this.fileOf(key), { force: true });
  }

  list(): AttemptKey[] {
    return readdirSync(this.folder).flatMap((name) => {
      const [, runId, attempt] = NOTE.exec(name) ?? [];
      if (runId === undefined) return [];
      const leaseToken = readFileSync(join(this.folder, name), 'utf8');
      return [{ runId, attempt: Number(attempt), leaseToken: leaseToken === '' ? null : leaseToken }];
    });
  }

  private fileOf({ runId, attempt }: AttemptKey): string {
    return join(this.folder, `${runId}.${attempt}`);
  }
}
