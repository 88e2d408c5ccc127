import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { StreamSide } from './stream-side';

const READS_WITHIN_MS = 10_000;
const ENDS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;
const LINES_KEPT = 12;

/** The worker under test as a shell command line, with all processes that it starts. */
export class WorkerProcess {
  private child: ChildProcess | null = null;
  private lastLines: string[] = [];

  constructor(
    private readonly command: string,
    private readonly environment: Record<string, string | undefined>,
    private readonly side: StreamSide,
  ) {}

  get isAlive(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /**
   * Starts the worker and waits until it reads. Redis lists clients that block on a read. A worker that does not
   * block, or a Redis without CLIENT LIST, gets a fixed time instead.
   */
  async start(): Promise<void> {
    const before = await this.side.waitingReaders();
    this.lastLines = [];
    const child = spawn(this.command, {
      shell: true,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.environment,
    });
    this.child = child;
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', (line) => {
        if (line.trim() !== '') this.lastLines = [...this.lastLines, line].slice(-LINES_KEPT);
      });
    }
    const deadlineMs = performance.now() + READS_WITHIN_MS;
    while (this.isAlive && performance.now() < deadlineMs) {
      const readers = (await this.side.waitingReaders()) ?? new Set();
      if ([...readers].some((id) => !before?.has(id))) return;
      await this.side.until(() => !this.isAlive, LOOK_EVERY_MS);
    }
  }

  /** Sends SIGKILL to the whole process group. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Sends SIGTERM, then SIGKILL to all processes that do not end. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Returns how the worker ended and its last output, for a report; null while it is alive. */
  epitaph(): string | null {
    if (this.child === null || this.isAlive) return null;
    const { exitCode, signalCode } = this.child;
    const how = signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`;
    return [`the worker ended ${how}`, ...this.lastLines].join('\n');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === null) return;
    const exited = this.isAlive ? once(child, 'exit') : Promise.resolve();
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), ENDS_WITHIN_MS);
    await exited;
    clearTimeout(timer);
    this.signal('SIGKILL'); // processes that the shell left behind
    this.child = null;
  }

  private signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.child!.pid!, signal);
    } catch {
      // The process group is already gone.
    }
  }
}
