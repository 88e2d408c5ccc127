import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const SIZE_MB = 512;
const TOP_UP_EVERY_MS = 100;
const PIECES = [1024 * 1024, 4096].map((bytes) => Buffer.alloc(bytes, 'x'));
/**
 * Unmounts when its pipe closes, however the test ends. The unmount is lazy, because processes of a killed test may
 * still have open files there.
 */
const GUARD = 'trap "" INT TERM HUP; cat >/dev/null; umount -l "$1" 2>/dev/null';

/** A separate file system for a data folder, small enough to fill. */
export class SmallDisk {
  private constructor(
    private readonly folder: string,
    private readonly guard: ChildProcess,
  ) {}

  /** @returns the disk, or why it cannot be mounted */
  static mount(folder: string): SmallDisk | string {
    mkdirSync(folder, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m,mode=755`, 'jobato-chaos', folder], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    } catch (error) {
      const said = String((error as { stderr?: Buffer }).stderr ?? '').trim();
      return said === '' ? String((error as Error).message) : said;
    }
    const guard = spawn('sh', ['-c', GUARD, 'guard', folder], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    return new SmallDisk(folder, guard);
  }

  /** Fills the disk, and fills freed space again until the signal. Resolves after the space is released. */
  async fill(until: AbortSignal): Promise<void> {
    const path = join(this.folder, 'ballast');
    const ballast = await open(path, 'a');
    try {
      while (!until.aborted) {
        for (const piece of PIECES) await writeUntilFull(ballast, piece);
        await delay(TOP_UP_EVERY_MS, undefined, { signal: until }).catch(() => undefined);
      }
    } finally {
      await ballast.close();
      rmSync(path);
    }
  }

  unmount(): Promise<void> {
    return new Promise((resolve) => {
      this.guard.once('exit', () => resolve());
      this.guard.stdin!.end();
    });
  }
}

async function writeUntilFull(file: FileHandle, piece: Buffer): Promise<void> {
  for (;;) {
    try {
      const { bytesWritten } = await file.write(piece);
      if (bytesWritten < piece.length) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}
