import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const SWAPS = `
  const { renameSync, rmSync, symlinkSync, unlinkSync } = require('node:fs');
  const [folder, outside] = process.argv.slice(1);
  const real = folder + '.real';
  const tried = (change, ...args) => { try { change(...args); return true } catch { return false } };
  // Each state lasts for a while. Otherwise, the folder would hardly ever be in place on a slow file system.
  const stay = () => { for (const end = performance.now() + Math.random() / 10; performance.now() < end;); };
  process.stdout.write('swapping');
  for (;;) {
    // What is being tested may make a folder in the moment when there is none.
    if (!tried(renameSync, folder, real)) rmSync(real, { recursive: true, force: true });
    if (tried(symlinkSync, outside, folder)) {
      stay();
      unlinkSync(folder);
    }
    tried(renameSync, real, folder);
    stay();
  }`;

/** A process that swaps a folder with a link to another folder thousands of times a second, as a hostile step could. */
export class SwappingProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(folder: string, outside: string): Promise<SwappingProcess> {
    const child = spawn(process.execPath, ['-e', SWAPS, folder, outside], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return new SwappingProcess(child);
  }

  async stop(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
